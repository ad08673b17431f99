// Versions and aliases: what a version keeps, who may change what, and where calls go.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "engine/catalog/ledger.h"
#include "engine/catalog/routing.h"
#include "tests/support/temporary_directory.h"

namespace hotcell::catalog {
namespace {

CodeIdentity code_of(char letter) { return {std::string(64, letter), 10, 7, {}}; }

class VersionsTest : public ::testing::Test {
protected:
    void SetUp() override {
        reopen();
        Service service;
        service.name = "s";
        ASSERT_TRUE(ledger->create_service(service));
        create("f", 'a');
    }
    void reopen() {
        ledger.reset();
        auto opened = Ledger::open(directory / "catalog.db", {"custom", "python3"});
        ASSERT_TRUE(opened) << opened.error().message();
        ledger.emplace(std::move(*opened));
        for (const CodeIdentity& code : ledger->take_codes()) ++held[code.name[0]];
        ledger->on_codes([this](const CodeIdentity& code) { ++held[code.name[0]]; },
                         [this](const CodeIdentity& code) { --held[code.name[0]]; });
    }
    void create(const std::string& name, char code) {
        Function function;
        function.service = "s";
        function.name = name;
        function.settings.runtime = "python3";
        function.settings.handler = "index.handler";
        function.code = code_of(code);
        ++held[code];
        ASSERT_TRUE(ledger->create_function(function));
    }
    void set_handler(const std::string& handler) {
        FunctionChange change;
        change.handler = handler;
        ASSERT_TRUE(ledger->update_function("s", "f", change));
    }
    void set_code(char letter) {
        const CodeIdentity code = code_of(letter);
        ++held[letter];
        ASSERT_TRUE(ledger->update_function("s", "f", {}, &code));
    }
    std::uint64_t publish(const std::string& description = {}) {
        const auto version = ledger->publish_version("s", description);
        EXPECT_TRUE(version) << version.error().message();
        return version ? version->id : 0;
    }
    std::string handler_at(const std::string& qualifier) const {
        const auto function = ledger->function("s", "f", qualifier);
        return function ? function->settings.handler : function.error().code;
    }
    Alias alias_to(const std::string& version, std::map<std::string, double> weights = {}) const {
        Alias alias;
        alias.name = "prod";
        alias.version = version;
        alias.extra_weights = std::move(weights);
        return alias;
    }
    std::vector<std::uint64_t> ids(const VersionsRequest& request) const {
        std::vector<std::uint64_t> all;
        const auto page = ledger->versions("s", request);
        EXPECT_TRUE(page);
        for (const Version& version : page->items) all.push_back(version.id);
        return all;
    }

    /// Whether the calls of prod that version 2 gets lie within the binomial 99.9 % interval.
    bool is_share_right(double weight) const {
        constexpr int kCalls = 10'000;
        const auto snapshot = ledger->snapshot();
        int second = 0;
        for (int i = 0; i < kCalls; ++i) {
            const auto found = route(*snapshot, "s", "prod", "f");
            EXPECT_EQ(found->function->settings.handler, found->version == "2" ? "index.second" : "index.handler");
            second += found->version == "2";
        }
        return std::abs(second - kCalls * weight) <= 3.2905 * std::sqrt(kCalls * weight * (1 - weight)) + 0.5;
    }

    TemporaryDirectory directory;
    std::map<char, int> held;  // code by its letter
    std::optional<Ledger> ledger;
};

TEST_F(VersionsTest, AVersionKeepsWhatWasPublishedWhateverIsEdited) {
    ServiceChange role;
    role.role = "first";
    ASSERT_TRUE(ledger->update_service("s", role));
    EXPECT_EQ(publish("one"), 1u);
    role.role = "second";
    ASSERT_TRUE(ledger->update_service("s", role));
    set_handler("index.second");
    set_code('b');
    create("g", 'a');
    for (int life = 0; life < 2; ++life) {
        EXPECT_EQ(handler_at("1"), "index.handler");
        EXPECT_EQ(handler_at(""), "index.second");
        EXPECT_EQ(ledger->function("s", "f", "1")->code, code_of('a'));
        EXPECT_EQ(ledger->function("s", "f")->code, code_of('b'));
        EXPECT_EQ(ledger->function("s", "g", "1").error().code, "FunctionNotFound");
        const Service one = ledger->service("s", "1").value();
        EXPECT_EQ(one.settings.role, "first");
        EXPECT_EQ(one.settings.description, "one");
        EXPECT_EQ(one.version, "1");
        EXPECT_EQ(ledger->service("s")->settings.role, "second");
        EXPECT_EQ(ledger->service("s")->version, "LATEST");
        EXPECT_EQ(ledger->functions("s", {}, "1")->items.size(), 1u);
        reopen();
    }
    ASSERT_TRUE(ledger->delete_function("s", "f"));
    EXPECT_EQ(handler_at("1"), "index.handler");
}

TEST_F(VersionsTest, PublishingNeedsAChange) {
    EXPECT_EQ(publish(), 1u);
    const auto refused = ledger->publish_version("s", "again");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "VersionPublishError");
    EXPECT_EQ(refused.error().message(), "service 's' has not changed since version 1");
    set_handler("index.handler");  // the same: an edit, not a change
    EXPECT_EQ(ledger->publish_version("s", "").error().code, "VersionPublishError");
    set_handler("index.other");
    EXPECT_EQ(publish(), 2u);
    set_handler("index.handler");
    EXPECT_EQ(publish(), 3u) << "what an older version was is a change to the last one";
    ServiceChange change;
    change.internet_access = false;
    ASSERT_TRUE(ledger->update_service("s", change));
    EXPECT_EQ(publish(), 4u);
}

TEST_F(VersionsTest, AnIdIsNeverUsedAgain) {
    EXPECT_EQ(publish(), 1u);
    ASSERT_TRUE(ledger->delete_version("s", 1));
    EXPECT_EQ(ledger->delete_version("s", 1).error().message(), "version '1' of service 's' does not exist");
    reopen();
    EXPECT_EQ(publish(), 2u);
    EXPECT_EQ(handler_at("1"), "VersionNotFound");
}

TEST_F(VersionsTest, PublishingLooksAtTheServicesEtag) {
    const std::string etag = ledger->service("s")->etag;
    ServiceChange change;
    change.description = "changed";
    ASSERT_TRUE(ledger->update_service("s", change));
    EXPECT_EQ(ledger->publish_version("s", "", etag).error().code, "PreconditionFailed");
    EXPECT_TRUE(ledger->publish_version("s", "", ledger->service("s")->etag));
}

TEST_F(VersionsTest, ListsInBothDirectionsPageByPage) {
    for (int i = 1; i <= 300; ++i) {
        set_handler("h" + std::to_string(i));
        ASSERT_EQ(publish(), static_cast<std::uint64_t>(i));
    }
    for (const std::uint64_t gone : {3u, 128u, 299u}) ASSERT_TRUE(ledger->delete_version("s", gone));
    VersionsRequest request;
    request.limit = 3;
    EXPECT_EQ(ids(request), (std::vector<std::uint64_t>{300, 298, 297}));
    request.forward = true;
    EXPECT_EQ(ids(request), (std::vector<std::uint64_t>{1, 2, 4}));
    request.start_key = "128";
    EXPECT_EQ(ids(request), (std::vector<std::uint64_t>{129, 130, 131}));
    request.forward = false;
    EXPECT_EQ(ids(request), (std::vector<std::uint64_t>{127, 126, 125}));
    for (const bool forward : {false, true}) {
        std::size_t count = 0;
        VersionsRequest all{{}, {}, 100, forward};
        do {
            const auto page = ledger->versions("s", all);
            ASSERT_TRUE(page);
            count += page->items.size();
            all.next_token = page->next_token;
        } while (!all.next_token.empty());
        EXPECT_EQ(count, 297u);
    }
    request.start_key = "one";
    EXPECT_EQ(ledger->versions("s", request).error().code, "InvalidArgument");
}

TEST_F(VersionsTest, AServiceWithVersionsIsNotEmpty) {
    publish();
    ASSERT_TRUE(ledger->create_alias("s", alias_to("1")));
    ASSERT_TRUE(ledger->delete_function("s", "f"));
    EXPECT_EQ(ledger->delete_service("s").error().message(), "service 's' still has versions");
    ASSERT_TRUE(ledger->delete_version("s", 1));
    EXPECT_TRUE(ledger->delete_service("s"));
    reopen();
    EXPECT_EQ(ledger->service("s").error().code, "ServiceNotFound");
}

TEST_F(VersionsTest, CodeIsHeldForAsLongAsSomethingHasIt) {
    publish();
    set_code('b');
    publish();
    set_handler("index.third");  // the same code once more
    EXPECT_EQ(held, (std::map<char, int>{{'a', 1}, {'b', 2}}));
    held.clear();
    reopen();
    EXPECT_EQ(held, (std::map<char, int>{{'a', 1}, {'b', 2}}));
    ASSERT_TRUE(ledger->delete_version("s", 1));
    EXPECT_EQ(held['a'], 0);
    ASSERT_TRUE(ledger->delete_version("s", 2));
    EXPECT_EQ(held['b'], 1);
    ASSERT_TRUE(ledger->delete_function("s", "f"));
    EXPECT_EQ(held['b'], 0);
    held.clear();
    reopen();
    EXPECT_TRUE(held.empty());
}

TEST_F(VersionsTest, WhatSeveralVersionsShareGoesWithTheLastOfThem) {
    publish();
    for (int i = 0; i < 3; ++i) {
        ServiceChange change;
        change.description = std::to_string(i);
        ASSERT_TRUE(ledger->update_service("s", change));
        publish();
    }
    ASSERT_TRUE(ledger->delete_function("s", "f"));
    for (const std::uint64_t id : {2u, 4u, 1u}) {
        ASSERT_TRUE(ledger->delete_version("s", id));
        EXPECT_EQ(held['a'], 1) << id;
        EXPECT_EQ(handler_at("3"), "index.handler");
    }
    ASSERT_TRUE(ledger->delete_version("s", 3));
    EXPECT_EQ(held['a'], 0);
}

TEST_F(VersionsTest, AnAliasPointsAtWhatThereIs) {
    publish();
    EXPECT_EQ(ledger->create_alias("s", alias_to("2")).error().message(), "version '2' of service 's' does not exist");
    EXPECT_EQ(ledger->create_alias("s", alias_to("1", {{"2", 0.5}})).error().code, "VersionNotFound");
    const Alias made = ledger->create_alias("s", alias_to("1")).value();
    EXPECT_EQ(ledger->create_alias("s", alias_to("1")).error().code, "AliasAlreadyExists");
    EXPECT_EQ(ledger->alias("s", "dev").error().message(), "alias 'dev' of service 's' does not exist");
    set_handler("index.second");
    publish();
    AliasChange change;
    change.version = "2";
    const Alias moved = ledger->update_alias("s", "prod", change, made.etag).value();
    EXPECT_NE(moved.etag, made.etag);
    EXPECT_EQ(handler_at("prod"), "index.second");
    EXPECT_EQ(ledger->update_alias("s", "prod", change, made.etag).error().code, "PreconditionFailed");
    EXPECT_EQ(ledger->delete_alias("s", "prod", made.etag).error().code, "PreconditionFailed");
    reopen();
    EXPECT_EQ(handler_at("prod"), "index.second");
    ASSERT_TRUE(ledger->delete_version("s", 2)) << "aliases of it stay, and fail";
    EXPECT_EQ(handler_at("prod"), "VersionNotFound");
    EXPECT_EQ(ledger->alias("s", "prod")->version, "2");
    ASSERT_TRUE(ledger->delete_alias("s", "prod", moved.etag));
    EXPECT_EQ(handler_at("prod"), "AliasNotFound");
}

TEST_F(VersionsTest, AliasesHaveRules) {
    publish();
    const std::pair<Alias, const char*> cases[] = {
        {alias_to("1", {{"1", 1.0}}), ""},
        {alias_to("LATEST", {{"1", 0.0}}), ""},
        {alias_to("prod"), "InvalidArgument"},
        {alias_to(""), "InvalidArgument"},
        {alias_to("01"), "InvalidArgument"},
        {alias_to("99999999999999999999"), "InvalidArgument"},
        {alias_to("1", {{"1", 1.0000001}}), "InvalidArgument"},
        {alias_to("1", {{"1", -0.0000001}}), "InvalidArgument"},
        {alias_to("1", {{"1", std::nan("")}}), "InvalidArgument"},
        {alias_to("1", {{"LATEST", 0.5}}), "InvalidArgument"},
        {alias_to("1", {{"1", 0.5}, {"2", 0.5}}), "LimitExceededError"},
    };
    for (const auto& [alias, code] : cases) {
        const auto made = ledger->create_alias("s", alias);
        EXPECT_EQ(made ? "" : made.error().code, code) << alias.version;
        if (made) ASSERT_TRUE(ledger->delete_alias("s", "prod"));
    }
    for (const char* name : {"LATEST", "1", "a.b", "", "-a"}) {
        Alias alias = alias_to("1");
        alias.name = name;
        EXPECT_EQ(ledger->create_alias("s", alias).error().code, "InvalidArgument") << name;
    }
}

TEST_F(VersionsTest, CallsAreSharedByWeight) {
    publish();
    set_handler("index.second");
    publish();
    ASSERT_TRUE(ledger->create_alias("s", alias_to("1")));
    for (const double weight : {0.0, 0.001, 0.1, 0.5, 0.9, 1.0}) {
        AliasChange change;
        change.extra_weights = std::map<std::string, double>{{"2", weight}};
        ASSERT_TRUE(ledger->update_alias("s", "prod", change));
        // 99.9 % of all runs lie within; two in a row that do not are no chance
        EXPECT_TRUE(is_share_right(weight) || is_share_right(weight)) << weight;
    }
}

TEST_F(VersionsTest, SaysWhatAQualifierDoesNotMean) {
    publish();
    const auto code_of_route = [&](const char* service, const char* qualifier, const char* function) {
        const auto found = route(*ledger->snapshot(), service, qualifier, function);
        return found ? found->version : found.error().code;
    };
    EXPECT_EQ(code_of_route("s", "", "f"), "LATEST");
    EXPECT_EQ(code_of_route("s", "LATEST", "f"), "LATEST");
    EXPECT_EQ(code_of_route("s", "1", "f"), "1");
    EXPECT_EQ(code_of_route("x", "1", "f"), "ServiceNotFound");
    EXPECT_EQ(code_of_route("s", "1", "x"), "FunctionNotFound");
    for (const char* id : {"0", "01", "2", "18446744073709551616", "99999999999999999999999"})
        EXPECT_EQ(code_of_route("s", id, "f"), "VersionNotFound") << id;
    EXPECT_EQ(code_of_route("s", "prod", "f"), "AliasNotFound");
}

TEST_F(VersionsTest, PublishingSharesWhatDidNotChange) {
    create("g", 'b');
    publish();
    set_handler("index.second");
    publish();
    const auto entry = ledger->snapshot()->service("s");
    const auto one = entry->versions.find(1), two = entry->versions.find(2);
    EXPECT_EQ(one->functions->find("g"), two->functions->find("g"));
    EXPECT_EQ(one->service, two->service);
    EXPECT_EQ(two->functions, entry->functions);
    EXPECT_NE(one->functions->find("f"), two->functions->find("f"));
}

TEST_F(VersionsTest, TagsAreNotPartOfVersions) {
    publish();
    ASSERT_TRUE(ledger->tag_service("s", {{"team", "a"}, {"env", ""}}));
    EXPECT_EQ(ledger->publish_version("s", "").error().code, "VersionPublishError");
    reopen();
    EXPECT_EQ(ledger->service("s", "1")->tags.size(), 2u);
    PageRequest request;
    request.tags = {{"team", "a"}, {"env", ""}};
    EXPECT_EQ(ledger->services(request)->items.size(), 1u);
    request.tags["team"] = "b";
    EXPECT_EQ(ledger->services(request)->items.size(), 0u);
    std::map<std::string, std::string> many;
    for (int i = 0; i < 19; ++i) many["k" + std::to_string(i)] = "";
    EXPECT_EQ(ledger->tag_service("s", many).error().code, "LimitExceededError");
    ASSERT_TRUE(ledger->untag_service("s", {"team"}, false));
    EXPECT_TRUE(ledger->tag_service("s", many));
    ASSERT_TRUE(ledger->untag_service("s", {}, true));
    EXPECT_TRUE(ledger->service("s")->tags.empty());
}

}  // namespace
}  // namespace hotcell::catalog
