// Triggers and configurations: what they may say, what they are for, and what they go with.
#include <gtest/gtest.h>

#include "engine/catalog/ledger.h"
#include "tests/support/temporary_directory.h"

namespace hotcell::catalog {
namespace {

class DocumentsTest : public ::testing::Test {
protected:
    void SetUp() override {
        reopen();
        for (const char* name : {"s", "other"}) {
            Service service;
            service.name = name;
            ASSERT_TRUE(ledger->create_service(service));
        }
        for (const char* name : {"f", "g"}) {
            Function function;
            function.service = "s";
            function.name = name;
            function.settings.runtime = "python3";
            function.settings.handler = "index.handler";
            function.code.name = std::string(64, 'a');
            ASSERT_TRUE(ledger->create_function(function));
        }
        ASSERT_TRUE(ledger->publish_version("s", ""));
        Alias alias;
        alias.name = "prod";
        alias.version = "1";
        ASSERT_TRUE(ledger->create_alias("s", alias));
    }
    void reopen() {
        ledger.reset();
        auto opened = Ledger::open(directory / "catalog.db", {"custom", "python3"});
        ASSERT_TRUE(opened) << opened.error().message();
        ledger.emplace(std::move(*opened));
    }
    static Trigger trigger_of(const std::string& name, const std::string& qualifier = {}) {
        Trigger trigger;
        trigger.service = "s";
        trigger.function = "f";
        trigger.name = name;
        trigger.qualifier = qualifier;
        trigger.http.methods = {"GET", "POST"};
        return trigger;
    }
    static ScheduledTarget action_of(const std::string& name) {
        return {name, "2020-10-10T10:10:10Z", "2020-10-10T10:10:10Z", 10000, "cron(0 */30 * * * *)"};
    }
    template <class Value>
    static std::string code_of(const Result<Value>& result) {
        return result ? "" : result.error().code;
    }

    TemporaryDirectory directory;
    std::optional<Ledger> ledger;
};

TEST_F(DocumentsTest, ATriggerIsKeptWithEveryField) {
    Trigger wanted = trigger_of("web", "prod");
    wanted.description = "from outside";
    wanted.invocation_role = "acs:ram::1:role/r";
    wanted.http = {"function", {"HEAD"}};
    const Trigger made = ledger->create_trigger(wanted).value();
    EXPECT_EQ(made.id.size(), 36u);
    reopen();
    const Trigger kept = ledger->trigger({"s", "f", "web"}).value();
    EXPECT_EQ(kept.id, made.id);
    EXPECT_EQ(kept.etag, made.etag);
    EXPECT_EQ(kept.created_ms, made.created_ms);
    EXPECT_EQ(kept.qualifier, "prod");
    EXPECT_EQ(kept.description, "from outside");
    EXPECT_EQ(kept.invocation_role, "acs:ram::1:role/r");
    EXPECT_EQ(kept.http, wanted.http);
    EXPECT_EQ(kept.type, "http");
}

TEST_F(DocumentsTest, AVersionOrAliasHasOneHttpTrigger) {
    ASSERT_TRUE(ledger->create_trigger(trigger_of("a")));
    EXPECT_EQ(code_of(ledger->create_trigger(trigger_of("a"))), "TriggerAlreadyExists");
    EXPECT_EQ(code_of(ledger->create_trigger(trigger_of("b", "LATEST"))), "LimitExceededError");
    ASSERT_TRUE(ledger->create_trigger(trigger_of("b", "prod")));
    ASSERT_TRUE(ledger->create_trigger(trigger_of("c", "1")));
    TriggerChange change;
    change.qualifier = "prod";
    EXPECT_EQ(code_of(ledger->update_trigger({"s", "f", "c"}, change)), "LimitExceededError");
    change.qualifier = "1";
    EXPECT_EQ(code_of(ledger->update_trigger({"s", "f", "c"}, change)), "");
    EXPECT_EQ(ledger->triggers("s", "f", {})->items.size(), 3u);
    PageRequest two;
    two.limit = 2;
    two.next_token = ledger->triggers("s", "f", two)->next_token;
    EXPECT_EQ(ledger->triggers("s", "f", two)->items.at(0).name, "c");
}

TEST_F(DocumentsTest, AFunctionWithTriggersIsNotEmpty) {
    const Trigger made = ledger->create_trigger(trigger_of("web")).value();
    EXPECT_EQ(ledger->delete_function("s", "f").error().message(), "function 'f' has active triggers");
    EXPECT_EQ(code_of(ledger->delete_function("s", "f")), "FunctionNotEmpty");
    EXPECT_EQ(code_of(ledger->delete_trigger({"s", "f", "web"}, "other")), "PreconditionFailed");
    ASSERT_TRUE(ledger->delete_trigger({"s", "f", "web"}, made.etag));
    EXPECT_EQ(code_of(ledger->trigger({"s", "f", "web"})), "TriggerNotFound");
    EXPECT_TRUE(ledger->delete_function("s", "f"));
    EXPECT_EQ(code_of(ledger->trigger({"s", "f", "web"})), "FunctionNotFound");
}

TEST_F(DocumentsTest, TriggersHaveRules) {
    const auto refusal = [&](auto&& change) {
        Trigger trigger = trigger_of("web");
        change(trigger);
        return code_of(ledger->create_trigger(trigger));
    };
    EXPECT_EQ(refusal([](Trigger& t) { t.name = std::string(129, 'x'); }), "InvalidArgument");
    EXPECT_EQ(refusal([](Trigger& t) { t.http.methods = {}; }), "InvalidArgument");
    EXPECT_EQ(refusal([](Trigger& t) { t.http.methods = {"get"}; }), "InvalidArgument");
    EXPECT_EQ(refusal([](Trigger& t) { t.http.auth_type = "jwt"; }), "InvalidArgument");
    EXPECT_EQ(refusal([](Trigger& t) { t.qualifier = "dev"; }), "AliasNotFound");
    EXPECT_EQ(refusal([](Trigger& t) { t.qualifier = "2"; }), "VersionNotFound");
    EXPECT_EQ(refusal([](Trigger& t) { t.function = "x"; }), "FunctionNotFound");
    Trigger timer = trigger_of("t");
    timer.type = "timer";
    EXPECT_EQ(ledger->create_trigger(timer).error().message(),
              "triggerType is set to an invalid value (allowed: http, actual: 'timer')");
    EXPECT_EQ(refusal([](Trigger& t) { t.name = std::string(128, 'x'); }), "");
}

TEST_F(DocumentsTest, ConfigurationsAreReplacedAndKept) {
    ProvisionConfig provision;
    provision.of = {"s", "prod", "f"};
    provision.target = 3;
    provision.schedule = {action_of("night")};
    provision.tracking = {{"load", "", "", "ProvisionedConcurrencyUtilization", 0.6, 1, 9}};
    provision.always_allocate_cpu = false;
    ASSERT_TRUE(ledger->put_provision_config(provision));
    OnDemandConfig most;
    most.of = {"nowhere", "1", "f"};  // before there is what it is for
    most.most_instances = 7;
    const std::string etag = ledger->put_on_demand_config(most)->etag;
    EXPECT_EQ(code_of(ledger->put_on_demand_config(most, "other")), "PreconditionFailed");
    EXPECT_TRUE(ledger->put_on_demand_config(most, etag));
    AsyncConfig async;
    async.of = {"s", "", "f"};
    async.on_failure = "acs:fc:local:0:services/s/functions/g";
    async.most_age_s = 2592000;
    async.most_retries = 8;
    async.stateful = true;
    ASSERT_TRUE(ledger->put_async_config(async));
    reopen();
    const ProvisionConfig p = ledger->provision_config({"s", "prod", "f"}).value();
    EXPECT_EQ(p.target, 3u);
    EXPECT_EQ(p.schedule, provision.schedule);
    EXPECT_EQ(p.tracking, provision.tracking);
    EXPECT_FALSE(p.always_allocate_cpu);
    EXPECT_EQ(ledger->provision_config({"s", "", "f"})->target, 0u) << "none was put";
    EXPECT_EQ(ledger->on_demand_config({"nowhere", "1", "f"})->most_instances, 7u);
    const AsyncConfig a = ledger->async_config({"s", "LATEST", "f"}).value();
    EXPECT_EQ(a.on_failure, async.on_failure);
    EXPECT_EQ(a.most_age_s, 2592000u);
    EXPECT_EQ(a.most_retries, 8u);
    EXPECT_TRUE(a.stateful);
    EXPECT_EQ(ledger->provision_configs({"s", "", ""}, {})->items.size(), 1u);
    EXPECT_EQ(ledger->provision_configs({"other", "", ""}, {})->items.size(), 0u);
    EXPECT_EQ(ledger->on_demand_configs({})->items.size(), 1u);
    EXPECT_EQ(ledger->async_configs("s", "f", {})->items.size(), 1u);
    AsyncConfig stateless;
    stateless.of = {"s", "1", "f"};
    ASSERT_TRUE(ledger->put_async_config(stateless));
    const auto stateful = ledger->stateful_configs({}).value();
    ASSERT_EQ(stateful.items.size(), 1u);
    EXPECT_EQ(stateful.items[0].most_retries, 8u);
    ASSERT_TRUE(ledger->delete_async_config({"s", "", "f"}));
    EXPECT_EQ(code_of(ledger->async_config({"s", "", "f"})), "AsyncConfigNotExists");
    ASSERT_TRUE(ledger->delete_on_demand_config({"nowhere", "1", "f"}));
    EXPECT_EQ(code_of(ledger->on_demand_config({"nowhere", "1", "f"})), "OnDemandConfigNotFound");
}

TEST_F(DocumentsTest, ConfigurationsHaveRules) {
    ProvisionConfig config;
    config.of = {"s", "1", "f"};
    EXPECT_EQ(code_of(ledger->put_provision_config(config)), "InvalidArgument") << "an alias or LATEST only";
    config.of.qualifier = "LATEST";
    config.target = 10001;
    EXPECT_EQ(code_of(ledger->put_provision_config(config)), "InvalidArgument");
    config.target = 10000;
    for (int i = 0; i < 100; ++i) config.schedule.push_back(action_of("a" + std::to_string(i)));
    EXPECT_EQ(code_of(ledger->put_provision_config(config)), "");
    for (int i = 0; i < 10; ++i) config.schedule.push_back(action_of("b" + std::to_string(i)));
    EXPECT_EQ(ledger->put_provision_config(config).error().message(),
              "ScheduledActions contains too many values (max: 100, actual: 110)");
    config.schedule = {action_of("a"), action_of("a")};
    EXPECT_EQ(ledger->put_provision_config(config).error().message(),
              "Duplicate action name 'a' in ScheduledActions is not allowed");
    config.schedule = {action_of("a")};
    config.schedule[0].start_time = "2020-10-10 10:10:10";
    EXPECT_EQ(
        ledger->put_provision_config(config).error().message(),
        "The StartTime is not in UTC time format (example: '2020-10-10T10:10:10Z', actual: '2020-10-10 10:10:10')");
    config.schedule = {action_of("a")};
    config.schedule[0].schedule = "rate(1)";
    EXPECT_EQ(ledger->put_provision_config(config).error().message(),
              "The ScheduleExpression should be atTime or cron expression (example: ['at(2020-10-10T10:10:10Z)', "
              "'cron(0 */30 * * * *)'], actual: 'rate(1)')");
    struct AsyncCase {
        std::uint32_t age, retries;
        bool good;
    };
    const AsyncCase cases[] = {{1, 0, true}, {2592000, 8, true}, {0, 0, false}, {2592001, 0, false}, {1, 9, false}};
    for (const auto& [age, retries, good] : cases) {
        AsyncConfig async;
        async.of = {"s", "", "f"};
        async.most_age_s = age;
        async.most_retries = retries;
        EXPECT_EQ(ledger->put_async_config(async).has_value(), good) << age << " " << retries;
    }
    AsyncConfig none;
    none.of = {"s", "", "x"};
    EXPECT_EQ(code_of(ledger->put_async_config(none)), "FunctionNotFound");
}

TEST_F(DocumentsTest, ConfigurationsGoWithWhatTheyAreFor) {
    for (const char* qualifier : {"LATEST", "prod"})
        for (const char* function : {"f", "g"}) {
            ProvisionConfig config;
            config.of = {"s", qualifier, function};
            config.target = 1;
            ASSERT_TRUE(ledger->put_provision_config(config));
        }
    ASSERT_TRUE(ledger->delete_function("s", "f"));
    for (int life = 0; life < 2; ++life) {
        EXPECT_EQ(ledger->provision_configs({"s", "LATEST", ""}, {})->items.size(), 1u);
        EXPECT_EQ(ledger->provision_configs({"s", "prod", ""}, {})->items.size(), 2u) << "the version has it still";
        reopen();
    }
    ASSERT_TRUE(ledger->delete_function("s", "g"));
    ASSERT_TRUE(ledger->delete_version("s", 1));
    ASSERT_TRUE(ledger->delete_service("s"));
    for (int life = 0; life < 2; ++life) {
        EXPECT_EQ(ledger->provision_configs({}, {})->items.size(), 0u);
        reopen();
    }
}

Layer layer_of(const std::string& name) {
    Layer layer;
    layer.name = name;
    layer.code.name = std::string(64, 'b');
    layer.description = "words";
    layer.compatible_runtimes = {"python3", "custom"};
    layer.code.size = 7;
    layer.code.checksum = 0xffff'ffff'ffff'fff1;
    return layer;
}

TEST_F(DocumentsTest, NumbersOfLayersAreNeverGivenTwice) {
    EXPECT_EQ(ledger->publish_layer(layer_of("words"))->version, 1u);
    EXPECT_EQ(ledger->publish_layer(layer_of("words"))->version, 2u);
    ASSERT_TRUE(ledger->delete_layer("words", 2));
    EXPECT_EQ(code_of(ledger->layer("words", 2)), "LayerVersionNotFound");
    EXPECT_EQ(code_of(ledger->delete_layer("words", 2)), "LayerVersionNotFound");
    reopen();
    EXPECT_EQ(ledger->publish_layer(layer_of("words"))->version, 3u);
    for (const std::uint32_t version : {1u, 3u}) ASSERT_TRUE(ledger->delete_layer("words", version));
    EXPECT_TRUE(ledger->layers({})->items.empty());
    EXPECT_TRUE(ledger->layer_versions("words", 0, 20)->items.empty());
    EXPECT_EQ(code_of(ledger->set_layer_public("words", true)), "LayerNotFound");
    EXPECT_EQ(ledger->publish_layer(layer_of("words"))->version, 4u);
}

TEST_F(DocumentsTest, LayersComeBackAsTheyWere) {
    ASSERT_TRUE(ledger->publish_layer(layer_of("words")));
    ASSERT_TRUE(ledger->publish_layer(layer_of("words")));
    ASSERT_TRUE(ledger->set_layer_public("words", true));
    ASSERT_TRUE(ledger->publish_layer(layer_of("a")));
    reopen();
    const auto layer = ledger->layer("words", 1);
    ASSERT_TRUE(layer);
    EXPECT_EQ(layer->code, layer_of("words").code);
    EXPECT_EQ(layer->description, "words");
    EXPECT_EQ(layer->compatible_runtimes, layer_of("words").compatible_runtimes);
    EXPECT_TRUE(layer->is_public);
    EXPECT_GT(layer->created_ms, 0);
    EXPECT_EQ(ledger->take_codes().size(), 5u) << "two functions and three versions";
}

TEST_F(DocumentsTest, LayersAreListedByNameAndByVersion) {
    for (const char* name : {"c", "a", "b", "a"}) ASSERT_TRUE(ledger->publish_layer(layer_of(name)));
    PageRequest request;
    request.limit = 2;
    auto page = ledger->layers(request);
    ASSERT_EQ(page->items.size(), 2u);
    EXPECT_EQ(page->items[0].version, 2u) << "the newest of a";
    EXPECT_EQ(page->items[1].name, "b");
    request.next_token = page->next_token;
    page = ledger->layers(request);
    ASSERT_EQ(page->items.size(), 1u);
    EXPECT_EQ(page->items[0].name, "c");
    EXPECT_TRUE(page->next_token.empty());
    const auto versions = ledger->layer_versions("a", 0, 1);
    ASSERT_EQ(versions->items.size(), 1u);
    EXPECT_EQ(versions->items[0].version, 2u);
    EXPECT_EQ(versions->next_token, "1");
    EXPECT_EQ(ledger->layer_versions("a", 1, 5)->items[0].version, 1u);
}

TEST_F(DocumentsTest, ALayerHasAHundredVersions) {
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(ledger->publish_layer(layer_of("words")));
    EXPECT_EQ(code_of(ledger->publish_layer(layer_of("words"))), "LimitExceededError");
    ASSERT_TRUE(ledger->delete_layer("words", 50));
    EXPECT_TRUE(ledger->publish_layer(layer_of("words")));
}

TEST_F(DocumentsTest, LayersOfASharedNameSurviveTheService) {
    ASSERT_TRUE(ledger->publish_layer(layer_of("other")));
    ASSERT_TRUE(ledger->delete_service("other"));
    reopen();
    EXPECT_TRUE(ledger->layer("other", 1));
}

TEST_F(DocumentsTest, AChangeOfLayersLeavesThePackage) {
    std::vector<CodeIdentity> taken, released;
    ledger->on_codes([&](const CodeIdentity& code) { taken.push_back(code); },
                     [&](const CodeIdentity& code) { released.push_back(code); });
    FunctionChange change;
    change.layers = std::vector<std::string>{"acs:fc:local:0:layers/words/versions/1"};
    CodeIdentity layers;
    layers.layers = std::string(64, 'c');
    ASSERT_TRUE(ledger->update_function("s", "f", change, &layers));
    // version 1 keeps its revision: the package is had once more
    ASSERT_EQ(taken.size(), 1u);
    EXPECT_EQ(taken[0].name, std::string(64, 'a'));
    EXPECT_TRUE(taken[0].layers.empty());
    EXPECT_TRUE(released.empty());
    layers.layers = std::string(64, 'd');
    ASSERT_TRUE(ledger->update_function("s", "f", change, &layers));
    EXPECT_EQ(taken.size(), 1u);
    ASSERT_EQ(released.size(), 1u);
    EXPECT_TRUE(released[0].name.empty());
    EXPECT_EQ(released[0].layers, std::string(64, 'c'));
    reopen();
    EXPECT_EQ(ledger->function("s", "f")->code.layers, std::string(64, 'd'));
    EXPECT_EQ(ledger->function("s", "f")->code.name, std::string(64, 'a'));
}

}  // namespace
}  // namespace hotcell::catalog
