// Environments that are kept ready, and how many there may be: configured, asked for again, taken back.
#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <optional>

#include "tests/support/engine_fixture.h"
#include "tests/support/requires.h"

namespace hotcell {
namespace {

class ProvisionTest : public ::testing::Test {
protected:
    void SetUp() override {
        HOTCELL_REQUIRES(::hotcell::testing::root());
        engine.emplace();
        Function function = test::TestEngine::python("f", "index.initialize");
        function.settings.timeout_s = 20;
        engine->deploy(function, {{"index.py", R"(
import time
def initialize(context):
    global ready
    ready = True
def handler(event, context):
    if event == b'wait':
        time.sleep(2)
    return str(ready)
)"}});
        ASSERT_TRUE(engine->catalog().publish_version("test", ""));
        Alias alias;
        alias.name = "prod";
        alias.version = "1";
        ASSERT_TRUE(engine->catalog().create_alias("test", alias));
    }
    static FunctionReference of(const std::string& qualifier) { return {"test", qualifier, "f"}; }
    void keep(const std::string& qualifier, std::uint32_t target) {
        ProvisionConfig config;
        config.of = of(qualifier);
        config.target = target;
        const auto put = engine->catalog().put_provision_config(config);
        ASSERT_TRUE(put) << put.error().message();
    }
    std::size_t idle_of(const std::string& version) {
        const auto all = engine->instances("test", "f");
        return static_cast<std::size_t>(std::ranges::count_if(
            all, [&](const Instance& one) { return one.version == version && one.state != "starting"; }));
    }
    bool has(const std::string& version, std::size_t count) {
        return test::eventually([&] { return idle_of(version) == count; });
    }
    bool is_current(const std::string& qualifier, std::uint32_t count) {
        return test::eventually([&] { return engine->provision_state(of(qualifier)).current == count; });
    }
    Result<InvokeReport> call(const std::string& qualifier, const std::string& event = {}) {
        InvokeRequest request = test::TestEngine::request_of("f", event);
        request.qualifier = qualifier;
        return engine->invoke(std::move(request));
    }

    std::optional<test::TestEngine> engine;
};

TEST_F(ProvisionTest, ReadyEnvironmentsAreThereBeforeACallAndAfterARestart) {
    keep("prod", 2);
    ASSERT_TRUE(has("1", 2));
    ASSERT_TRUE(is_current("prod", 2));
    const auto report = call("prod");
    ASSERT_TRUE(report);
    EXPECT_EQ(report->payload, "True");
    EXPECT_EQ(report->start, "warm");
    EXPECT_EQ(idle_of("LATEST"), 0u);
    engine->reopen();
    ASSERT_TRUE(has("1", 2)) << "what was configured is kept by the next life";
}

TEST_F(ProvisionTest, WhatIsTakenAwayIsStartedAgain) {
    keep("LATEST", 1);
    ASSERT_TRUE(has("LATEST", 1));
    const std::string first = engine->instances("test", "f")[0].id;
    ASSERT_EQ(engine->evict_instances("test", "f"), 1u);
    EXPECT_TRUE(test::eventually([&] {
        const auto all = engine->instances("test", "f");
        return !all.empty() && all[0].id != first;
    }));
}

TEST_F(ProvisionTest, FollowsTheAliasToAnotherVersion) {
    keep("prod", 1);
    ASSERT_TRUE(has("1", 1));
    FunctionChange change;
    change.description = "the second";
    ASSERT_TRUE(engine->catalog().update_function("test", "f", change));
    ASSERT_TRUE(engine->catalog().publish_version("test", ""));
    AliasChange promotion;
    promotion.version = "2";
    ASSERT_TRUE(engine->catalog().update_alias("test", "prod", promotion));
    EXPECT_TRUE(has("2", 1));
}

TEST_F(ProvisionTest, AnInitializerThatFailsIsToldAndNotTriedWithoutEnd) {
    FunctionChange broken;
    broken.zip = test::zip_of({{"index.py",
                                "def initialize(context):\n    raise Exception('no licence')\n"
                                "def handler(event, context):\n    pass\n"}});
    ASSERT_TRUE(engine->catalog().update_function("test", "f", broken));
    keep("LATEST", 1);
    EXPECT_TRUE(test::eventually(
        [&] { return engine->provision_state(of("LATEST")).error.find("no licence") != std::string::npos; }));
    EXPECT_EQ(engine->provision_state(of("LATEST")).current, 0u);
}

TEST_F(ProvisionTest, ACallBeyondTheMostInstancesIsRefusedWithTheReason) {
    OnDemandConfig one;
    one.of = of("LATEST");
    one.most_instances = 1;
    ASSERT_TRUE(engine->catalog().put_on_demand_config(one));
    auto waiting = std::async(std::launch::async, [&] { return call("LATEST", "wait"); });
    const auto is_busy = [&] {
        const auto all = engine->instances("test", "f");
        return std::ranges::any_of(all, [](const Instance& instance) { return instance.state == "busy"; });
    };
    ASSERT_TRUE(test::eventually(is_busy));
    const auto refused = call("LATEST");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::Exhausted);
    EXPECT_EQ(refused.error().code, "ResourceExhausted") << refused.error().message();
    EXPECT_EQ(waiting.get()->payload, "True") << "the one that runs is not disturbed";
    ASSERT_TRUE(engine->catalog().delete_on_demand_config(of("LATEST")));
    EXPECT_TRUE(call("LATEST"));
}

}  // namespace
}  // namespace hotcell
