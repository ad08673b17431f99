#include "engine/catalog/ledger.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "tests/support/temporary_directory.h"

namespace hotcell::catalog {
namespace {

const std::string kCode(64, 'a');

Service service_of(const std::string& name) {
    Service service;
    service.name = name;
    return service;
}

Function function_of(const std::string& service, const std::string& name) {
    Function function;
    function.service = service;
    function.name = name;
    function.settings.runtime = "python3";
    function.settings.handler = "index.handler";
    function.code.name = kCode;
    function.code.size = 10;
    function.code.checksum = 0xffff'ffff'ffff'fff0;
    return function;
}

class CatalogTest : public ::testing::Test {
protected:
    Ledger open() {
        auto opened = Ledger::open(directory / "catalog.db", {"custom", "python3"});
        if (!opened) {
            ADD_FAILURE() << opened.error().message();
            std::abort();
        }
        return std::move(*opened);
    }
    template <class Value>
    static void expect_failure(const Result<Value>& result, ErrorKind kind, const std::string& code,
                               const std::string& words) {
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().kind, kind);
        EXPECT_EQ(result.error().code, code);
        EXPECT_EQ(result.error().message(), words);
    }

    TemporaryDirectory directory;
};

TEST_F(CatalogTest, GivesAServiceItsIdentity) {
    Ledger catalog = open();
    const Service made = catalog.create_service(service_of("s")).value();
    EXPECT_EQ(made.id.size(), 36u);
    EXPECT_EQ(made.etag.size(), 32u);
    EXPECT_GT(made.created_ms, 1'600'000'000'000);
    EXPECT_EQ(made.created_ms, made.modified_ms);
    EXPECT_TRUE(made.settings.internet_access);
    EXPECT_EQ(catalog.service("s").value().id, made.id);
}

TEST_F(CatalogTest, KeepsEveryFieldOverAReopening) {
    Service service = service_of("s");
    service.settings.description = "what it\nis";
    service.settings.role = "acs:ram::1:role/r";
    service.settings.log = {"project", "store"};
    service.settings.internet_access = false;
    Function function = function_of("s", "f");
    function.settings.description = "\xe5\xad\x97";
    function.settings.initializer = "index.init";
    function.settings.timeout_s = 86400;
    function.settings.initialization_timeout_s = 300;
    function.settings.memory_mib = 32768;
    function.settings.environment = {{"A", "1"}, {"B", ""}};
    {
        Ledger catalog = open();
        service = catalog.create_service(service).value();
        function = catalog.create_function(function).value();
    }
    Ledger catalog = open();
    const Service s = catalog.service("s").value();
    EXPECT_EQ(s.id, service.id);
    EXPECT_EQ(s.settings.description, service.settings.description);
    EXPECT_EQ(s.settings.role, service.settings.role);
    EXPECT_EQ(s.settings.log, service.settings.log);
    EXPECT_EQ(s.settings.internet_access, service.settings.internet_access);
    EXPECT_EQ(s.created_ms, service.created_ms);
    EXPECT_EQ(s.modified_ms, service.modified_ms);
    EXPECT_EQ(s.etag, service.etag);
    const Function f = catalog.function("s", "f").value();
    EXPECT_EQ(f.service, "s");
    EXPECT_EQ(f.id, function.id);
    EXPECT_EQ(f.settings.description, function.settings.description);
    EXPECT_EQ(f.settings.runtime, function.settings.runtime);
    EXPECT_EQ(f.settings.handler, function.settings.handler);
    EXPECT_EQ(f.settings.initializer, function.settings.initializer);
    EXPECT_EQ(f.settings.timeout_s, function.settings.timeout_s);
    EXPECT_EQ(f.settings.initialization_timeout_s, function.settings.initialization_timeout_s);
    EXPECT_EQ(f.settings.memory_mib, function.settings.memory_mib);
    EXPECT_EQ(f.settings.environment, function.settings.environment);
    EXPECT_EQ(f.code.name, kCode);
    EXPECT_EQ(f.code.size, 10u);
    EXPECT_EQ(f.code.checksum, 0xffff'ffff'ffff'fff0);
    EXPECT_EQ(f.created_ms, function.created_ms);
    EXPECT_EQ(f.etag, function.etag);
}

TEST_F(CatalogTest, SaysWhatIsMissingInFunctionComputesWords) {
    Ledger catalog = open();
    const auto gone = "service 's' does not exist";
    expect_failure(catalog.service("s"), ErrorKind::NotFound, "ServiceNotFound", gone);
    expect_failure(catalog.update_service("s", {}), ErrorKind::NotFound, "ServiceNotFound", gone);
    expect_failure(catalog.delete_service("s"), ErrorKind::NotFound, "ServiceNotFound", gone);
    expect_failure(catalog.create_function(function_of("s", "f")), ErrorKind::NotFound, "ServiceNotFound", gone);
    expect_failure(catalog.function("s", "f"), ErrorKind::NotFound, "ServiceNotFound", gone);
    expect_failure(catalog.functions("s", {}), ErrorKind::NotFound, "ServiceNotFound", gone);
    ASSERT_TRUE(catalog.create_service(service_of("s")));
    const auto no = "function 'f' does not exist in service 's'";
    expect_failure(catalog.function("s", "f"), ErrorKind::NotFound, "FunctionNotFound", no);
    expect_failure(catalog.update_function("s", "f", {}), ErrorKind::NotFound, "FunctionNotFound", no);
    expect_failure(catalog.delete_function("s", "f"), ErrorKind::NotFound, "FunctionNotFound", no);
}

TEST_F(CatalogTest, RefusesASecondOfTheSameName) {
    Ledger catalog = open();
    ASSERT_TRUE(catalog.create_service(service_of("s")));
    ASSERT_TRUE(catalog.create_service(service_of("S")));  // case matters
    expect_failure(catalog.create_service(service_of("s")), ErrorKind::Conflict, "ServiceAlreadyExists",
                   "service 's' already exists");
    ASSERT_TRUE(catalog.create_function(function_of("s", "f")));
    ASSERT_TRUE(catalog.create_function(function_of("S", "f")));
    expect_failure(catalog.create_function(function_of("s", "f")), ErrorKind::Conflict, "FunctionAlreadyExists",
                   "function 'f' already exists in service 's'");
}

TEST_F(CatalogTest, ChangesOnlyWhatAnUpdateNames) {
    Ledger catalog = open();
    Service service = service_of("s");
    service.settings.description = "before";
    service.settings.role = "role";
    service = catalog.create_service(service).value();
    ServiceChange change;
    change.description = "after";
    const Service changed = catalog.update_service("s", change).value();
    EXPECT_EQ(changed.settings.description, "after");
    EXPECT_EQ(changed.settings.role, "role");
    EXPECT_EQ(changed.id, service.id);
    EXPECT_EQ(changed.created_ms, service.created_ms);
    EXPECT_NE(changed.etag, service.etag);
    EXPECT_NE(catalog.update_service("s", {}).value().etag, changed.etag);

    Function function = function_of("s", "f");
    function.settings.environment = {{"A", "1"}};
    function = catalog.create_function(function).value();
    FunctionChange memory;
    memory.memory_mib = 256;
    const Function larger = catalog.update_function("s", "f", memory).value();
    EXPECT_EQ(larger.settings.memory_mib, 256u);
    EXPECT_EQ(larger.settings.environment, function.settings.environment);
    EXPECT_EQ(larger.code.name, function.code.name);
    EXPECT_NE(larger.etag, function.etag);
    FunctionChange cleared;
    cleared.environment.emplace();
    EXPECT_TRUE(catalog.update_function("s", "f", cleared).value().settings.environment.empty());
    const CodeIdentity code{std::string(64, 'b'), 20, 7, {}};
    EXPECT_EQ(catalog.update_function("s", "f", {}, &code).value().code.size, 20u);
    EXPECT_EQ(catalog.function("s", "f").value().code, code);
}

TEST_F(CatalogTest, KeepsUpdatesOverAReopening) {
    const CodeIdentity code{std::string(64, 'b'), 20, 7, {}};
    Function updated;
    {
        Ledger catalog = open();
        ASSERT_TRUE(catalog.create_service(service_of("s")));
        ASSERT_TRUE(catalog.create_function(function_of("s", "f")));
        ASSERT_TRUE(catalog.create_function(function_of("s", "gone")));
        FunctionChange change;
        change.environment.emplace().emplace("A", "2");
        change.handler = "other.handler";
        updated = catalog.update_function("s", "f", change, &code).value();
        ASSERT_TRUE(catalog.delete_function("s", "gone"));
    }
    Ledger catalog = open();
    const Function f = catalog.function("s", "f").value();
    EXPECT_EQ(f.settings.environment, updated.settings.environment);
    EXPECT_EQ(f.settings.handler, "other.handler");
    EXPECT_EQ(f.etag, updated.etag);
    EXPECT_EQ(f.code.name, code.name);
    EXPECT_EQ(catalog.functions("s", {}).value().items.size(), 1u);
    EXPECT_EQ(catalog.take_codes(), std::vector<CodeIdentity>{code});
}

TEST_F(CatalogTest, LooksAtTheEtagOfWhoeverAsksForIt) {
    Ledger catalog = open();
    const std::string first = catalog.create_service(service_of("s")).value().etag;
    const auto words = "the resource being modified has been changed";
    const std::string second = catalog.update_service("s", {}, first).value().etag;
    expect_failure(catalog.update_service("s", {}, first), ErrorKind::Conflict, "PreconditionFailed", words);
    expect_failure(catalog.delete_service("s", first), ErrorKind::Conflict, "PreconditionFailed", words);
    const std::string made = catalog.create_function(function_of("s", "f")).value().etag;
    const std::string changed = catalog.update_function("s", "f", {}, nullptr, made).value().etag;
    expect_failure(catalog.update_function("s", "f", {}, nullptr, made), ErrorKind::Conflict, "PreconditionFailed",
                   words);
    expect_failure(catalog.delete_function("s", "f", made), ErrorKind::Conflict, "PreconditionFailed", words);
    EXPECT_TRUE(catalog.delete_function("s", "f", changed));
    EXPECT_TRUE(catalog.delete_service("s", second));
}

TEST_F(CatalogTest, DeletesOnlyEmptyServices) {
    Ledger catalog = open();
    ASSERT_TRUE(catalog.create_service(service_of("s")));
    ASSERT_TRUE(catalog.create_function(function_of("s", "f")));
    expect_failure(catalog.delete_service("s"), ErrorKind::Conflict, "ServiceNotEmpty",
                   "service 's' still has functions");
    ASSERT_TRUE(catalog.delete_function("s", "f"));
    ASSERT_TRUE(catalog.delete_service("s"));
    ASSERT_TRUE(catalog.create_service(service_of("s")));
}

TEST_F(CatalogTest, HoldsFiftyFunctionsAService) {
    Ledger catalog = open();
    ASSERT_TRUE(catalog.create_service(service_of("s")));
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(catalog.create_function(function_of("s", "f" + std::to_string(i))));
    expect_failure(catalog.create_function(function_of("s", "one-more")), ErrorKind::Exhausted, "LimitExceededError",
                   "service 's' contains too many functions (max: 50, actual: 51)");
    ASSERT_TRUE(catalog.delete_function("s", "f0"));
    EXPECT_TRUE(catalog.create_function(function_of("s", "one-more")));
}

TEST_F(CatalogTest, WritesNothingOfWhatIsOutOfRule) {
    Ledger catalog = open();
    ASSERT_TRUE(catalog.create_service(service_of("s")));
    Function function = function_of("s", "f");
    function.settings.memory_mib = 100;
    EXPECT_EQ(catalog.create_function(function).error().code, "InvalidArgument");
    function = function_of("s", "f");
    function.code.name = "../../etc";
    EXPECT_EQ(catalog.create_function(function).error().code, "InvalidArgument");
    EXPECT_EQ(catalog.create_service(service_of("a/b")).error().code, "InvalidArgument");
    EXPECT_TRUE(catalog.functions("s", {}).value().items.empty());
    ASSERT_TRUE(catalog.create_function(function_of("s", "f")));
    FunctionChange change;
    change.timeout_s = 0;
    EXPECT_EQ(catalog.update_function("s", "f", change).error().code, "InvalidArgument");
    const CodeIdentity bad{"x", 0, 0, {}};
    EXPECT_EQ(catalog.update_function("s", "f", {}, &bad).error().code, "InvalidArgument");
}

std::vector<std::string> names_of(const Page<Service>& page) {
    std::vector<std::string> names;
    for (const Service& service : page.items) names.push_back(service.name);
    return names;
}

TEST_F(CatalogTest, ListsPageByPageInTheOrderOfNames) {
    Ledger catalog = open();
    for (const char* name : {"b2", "a1", "b1", "c1", "b3"}) ASSERT_TRUE(catalog.create_service(service_of(name)));
    using Names = std::vector<std::string>;
    EXPECT_EQ(names_of(catalog.services({}).value()), (Names{"a1", "b1", "b2", "b3", "c1"}));
    PageRequest request;
    request.limit = 2;
    const auto first = catalog.services(request).value();
    EXPECT_EQ(names_of(first), (Names{"a1", "b1"}));
    request.next_token = first.next_token;
    request.start_key = "zzz";  // the token goes before it
    const auto second = catalog.services(request).value();
    EXPECT_EQ(names_of(second), (Names{"b2", "b3"}));
    request.next_token = second.next_token;
    const auto third = catalog.services(request).value();
    EXPECT_EQ(names_of(third), (Names{"c1"}));
    EXPECT_EQ(third.next_token, "");

    PageRequest exact;
    exact.limit = 5;
    EXPECT_EQ(catalog.services(exact).value().next_token, "");
    PageRequest prefix;
    prefix.prefix = "b";
    prefix.limit = 2;
    const auto with_prefix = catalog.services(prefix).value();
    EXPECT_EQ(names_of(with_prefix), (Names{"b1", "b2"}));
    prefix.next_token = with_prefix.next_token;
    EXPECT_EQ(names_of(catalog.services(prefix).value()), (Names{"b3"}));
    PageRequest start;
    start.start_key = "b2";  // inclusive
    EXPECT_EQ(names_of(catalog.services(start).value()), (Names{"b2", "b3", "c1"}));
    start.prefix = "b";
    EXPECT_EQ(names_of(catalog.services(start).value()), (Names{"b2", "b3"}));
    start.prefix = "x";
    EXPECT_TRUE(catalog.services(start).value().items.empty());
}

TEST_F(CatalogTest, GoesOnWhereAPageEndedThoughTheNextItemIsGone) {
    Ledger catalog = open();
    for (const char* name : {"a", "b", "c"}) ASSERT_TRUE(catalog.create_service(service_of(name)));
    PageRequest request;
    request.limit = 1;
    request.next_token = catalog.services(request).value().next_token;
    ASSERT_TRUE(catalog.delete_service("b"));
    EXPECT_EQ(names_of(catalog.services(request).value()), std::vector<std::string>{"c"});
}

TEST_F(CatalogTest, RefusesATokenThatIsNotOneOfThisList) {
    Ledger catalog = open();
    for (const char* name : {"a", "b"}) {
        ASSERT_TRUE(catalog.create_service(service_of(name)));
        ASSERT_TRUE(catalog.create_function(function_of("a", name)));
    }
    PageRequest one;
    one.limit = 1;
    const std::string of_services = catalog.services(one).value().next_token;
    const std::string of_functions = catalog.functions("a", one).value().next_token;
    ASSERT_NE(of_functions, "");
    for (const std::string& bad : {std::string("x"), std::string("73"), std::string("7g"), of_services + "00",
                                   of_services + "2f", std::string(514, '7'), of_functions}) {
        one.next_token = bad;
        const auto refused = catalog.services(one);
        ASSERT_FALSE(refused) << bad;
        EXPECT_EQ(refused.error().code, "InvalidArgument");
        EXPECT_EQ(refused.error().doing.find("nextToken is set to an invalid value"), 0u);
    }
    one.next_token = of_functions;
    EXPECT_EQ(catalog.functions("a", one).value().items.size(), 1u);
}

TEST_F(CatalogTest, ASnapshotStaysAsItWas) {
    Ledger catalog = open();
    ASSERT_TRUE(catalog.create_service(service_of("s")));
    ASSERT_TRUE(catalog.create_function(function_of("s", "f")));
    const auto before = catalog.snapshot();
    FunctionChange change;
    change.handler = "other";
    ASSERT_TRUE(catalog.update_function("s", "f", change));
    EXPECT_EQ(before->function("s", "f")->settings.handler, "index.handler");
    EXPECT_EQ(catalog.snapshot()->function("s", "f")->settings.handler, "other");
    ASSERT_TRUE(catalog.delete_function("s", "f"));
    EXPECT_EQ(catalog.snapshot()->function("s", "f"), nullptr);
    EXPECT_EQ(catalog.snapshot()->function("no", "f"), nullptr);
    EXPECT_NE(before->function("s", "f"), nullptr);
    ASSERT_TRUE(catalog.delete_service("s"));
    EXPECT_EQ(catalog.snapshot()->service("s"), nullptr);
    EXPECT_NE(before->service("s"), nullptr);
}

TEST_F(CatalogTest, TakesWritersAndReadersFromManyThreads) {
    Ledger catalog = open();
    ASSERT_TRUE(catalog.create_service(service_of("s")));
    std::atomic<int> writers = 4;
    std::vector<std::thread> threads;
    for (int w = 0; w < 4; ++w)
        threads.emplace_back([&, w] {
            for (int i = 0; i < 10; ++i)
                EXPECT_TRUE(
                    catalog.create_function(function_of("s", "f" + std::to_string(w) + "-" + std::to_string(i))));
            --writers;
        });
    threads.emplace_back([&] {
        std::size_t seen = 0;
        while (writers > 0) {
            const auto now = catalog.snapshot();
            const std::size_t size = now->service("s")->functions->size();
            EXPECT_GE(size, seen);
            seen = size;
        }
    });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(catalog.snapshot()->service("s")->functions->size(), 40u);
}

}  // namespace
}  // namespace hotcell::catalog
