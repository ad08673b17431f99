// Every text, number and count of the catalog at its limits and one past each: one row a limit.
#include <gtest/gtest.h>

#include <functional>

#include "engine/catalog/rules/limits.h"
#include "engine/catalog/rules/rules.h"

namespace hotcell::catalog {
namespace {

const std::vector<std::string> kRuntimes{"custom", "python3"};

template <class Change>
Result<> with_service(Change change) {
    Service service;
    service.name = "s";
    change(service);
    return check(service);
}

template <class Change>
Result<> with_function(Change change) {
    Function function;
    function.service = "s";
    function.name = "f";
    function.settings.runtime = "custom";
    function.settings.handler = "index.handler";
    change(function.settings);
    return check(function, kRuntimes);
}

template <class Change>
Result<> with_alias(Change change) {
    Alias alias;
    alias.name = "prod";
    alias.version = "1";
    change(alias);
    return check(alias);
}

template <class Change>
Result<> with_trigger(Change change) {
    Trigger trigger;
    trigger.service = "s";
    trigger.function = "f";
    trigger.name = "web";
    trigger.http.methods = {"GET"};
    change(trigger);
    return check(trigger);
}

template <class Change>
Result<> with_layer(Change change) {
    Layer layer;
    layer.name = "words";
    change(layer);
    return check(layer);
}

template <class Config, class Change>
Result<> with_config(Change change) {
    Config config;
    config.of = {"s", "LATEST", "f"};
    change(config);
    return check(config);
}

/// `n` things that `make` makes of their numbers.
template <class Make>
auto many(std::size_t n, Make make) {
    std::vector<decltype(make(n))> all;
    for (std::size_t i = 0; i < n; ++i) all.push_back(make(i));
    return all;
}

std::string name_of(std::size_t n) { return "n" + std::to_string(n); }

struct TextRow {
    TextRule rule;
    std::function<Result<>(const std::string&)> set;
    const char* begin = "";  // what a good text begins with
};

const TextRow kTexts[] = {
    {kServiceName, [](auto& text) { return with_service([&](auto& s) { s.name = text; }); }},
    {kDescription, [](auto& text) { return with_service([&](auto& s) { s.settings.description = text; }); }},
    {kRole, [](auto& text) { return with_service([&](auto& s) { s.settings.role = text; }); }},
    {kLogProject, [](auto& text) { return with_service([&](auto& s) { s.settings.log.project = text; }); }},
    {kLogstore, [](auto& text) { return with_service([&](auto& s) { s.settings.log.logstore = text; }); }},
    {kVpcId, [](auto& text) { return with_service([&](auto& s) { s.settings.vpc.vpc_id = text; }); }},
    {kVSwitchId, [](auto& text) { return with_service([&](auto& s) { s.settings.vpc.vswitch_ids = {text}; }); }},
    {kSecurityGroup,
     [](auto& text) { return with_service([&](auto& s) { s.settings.vpc.security_group_id = text; }); }},
    {kVpcRole, [](auto& text) { return with_service([&](auto& s) { s.settings.vpc.role = text; }); }},
    {kNasServer,
     [](auto& text) { return with_service([&](auto& s) {
                          s.settings.nas.mounts = {{text, "/mnt", false}};
                      }); }},
    {kNasDirectory,
     [](auto& text) { return with_service([&](auto& s) {
                          s.settings.nas.mounts = {{"server:/", text, false}};
                      }); },
     "/"},
    {kTagKey,
     [](auto& text) {
         return check_tags({{text, "v"}});
     }},
    {kTagValue,
     [](auto& text) {
         return check_tags({{"k", text}});
     }},
    {kFunctionName, [](auto& text) { return check_function_name(text); }},
    {kHandler, [](auto& text) { return with_function([&](auto& f) { f.handler = text; }); }},
    {kInitializer, [](auto& text) { return with_function([&](auto& f) { f.initializer = text; }); }},
    {kPreFreeze, [](auto& text) { return with_function([&](auto& f) { f.pre_freeze.handler = text; }); }},
    {kPreStop, [](auto& text) { return with_function([&](auto& f) { f.pre_stop.handler = text; }); }},
    {kLayerArn, [](auto& text) { return with_function([&](auto& f) { f.layers = {text}; }); }},
    {kAliasName, [](auto& text) { return with_alias([&](auto& a) { a.name = text; }); }},
    {kDescription, [](auto& text) { return with_alias([&](auto& a) { a.description = text; }); }},
    {kTriggerName, [](auto& text) { return with_trigger([&](auto& t) { t.name = text; }); }},
    {kSourceArn, [](auto& text) { return with_trigger([&](auto& t) { t.source_arn = text; }); }},
    {kInvocationRole, [](auto& text) { return with_trigger([&](auto& t) { t.invocation_role = text; }); }},
    {kQualifier, [](auto& text) { return with_trigger([&](auto& t) { t.qualifier = text; }); }},
    {kLayerName, [](auto& text) { return with_layer([&](auto& l) { l.name = text; }); }},
    {kDescription, [](auto& text) { return with_layer([&](auto& l) { l.description = text; }); }},
    {kLicense, [](auto& text) { return with_layer([&](auto& l) { l.license = text; }); }},
    {kPrefix, [](auto& text) { return check(PageRequest{.prefix = text}); }},
    {kStartKey, [](auto& text) { return check(PageRequest{.start_key = text}); }},
};

TEST(Boundaries, TextsAreAcceptedUpToTheirLimitsAndNotPastThem) {
    for (const TextRow& row : kTexts) {
        SCOPED_TRACE(row.rule.field);
        const auto of_length = [&](std::size_t length) {
            const std::string begin = row.begin;
            return begin + std::string(length - std::min(length, begin.size()), 'x');
        };
        EXPECT_TRUE(row.set(of_length(row.rule.most)));
        EXPECT_FALSE(row.set(of_length(row.rule.most + 1)));
        EXPECT_EQ(row.set("").has_value(), row.rule.least == 0);
        EXPECT_FALSE(row.set(std::string(row.begin) + std::string("a\0b", 3)));
        EXPECT_FALSE(row.set(std::string(row.begin) + "\xff"));
    }
}

struct NumberRow {
    NumberRule rule;
    std::function<Result<>(std::uint32_t)> set;
};

const NumberRow kNumbers[] = {
    {kTimeout, [](auto n) { return with_function([&](auto& f) { f.timeout_s = n; }); }},
    {kInitializationTimeout, [](auto n) { return with_function([&](auto& f) { f.initialization_timeout_s = n; }); }},
    {kMemorySize, [](auto n) { return with_function([&](auto& f) { f.memory_mib = n; }); }},
    {kConcurrency, [](auto n) { return with_function([&](auto& f) { f.concurrency = n; }); }},
    {kPort, [](auto n) { return with_function([&](auto& f) { f.port = static_cast<decltype(f.port)>(n); }); }},
    {kPreFreezeTimeout, [](auto n) { return with_function([&](auto& f) { f.pre_freeze.timeout_s = n; }); }},
    {kPreStopTimeout, [](auto n) { return with_function([&](auto& f) { f.pre_stop.timeout_s = n; }); }},
    {kTarget, [](auto n) { return with_config<ProvisionConfig>([&](auto& c) { c.target = n; }); }},
    {kEventAge, [](auto n) { return with_config<AsyncConfig>([&](auto& c) { c.most_age_s = n; }); }},
    {kRetries, [](auto n) { return with_config<AsyncConfig>([&](auto& c) { c.most_retries = n; }); }},
    {kLimit, [](auto n) { return check(PageRequest{.limit = n}); }},
};

TEST(Boundaries, NumbersAreAcceptedUpToTheirLimitsAndNotPastThem) {
    for (const NumberRow& row : kNumbers) {
        SCOPED_TRACE(row.rule.field);
        EXPECT_TRUE(row.set(row.rule.least));
        EXPECT_TRUE(row.set(row.rule.least + row.rule.step));
        EXPECT_TRUE(row.set(row.rule.most));
        if (row.rule.field != kPort.field) EXPECT_FALSE(row.set(row.rule.most + row.rule.step));
        if (row.rule.least > 0) EXPECT_FALSE(row.set(row.rule.least - row.rule.step));
    }
}

struct CountRow {
    CountRule rule;
    std::function<Result<>(std::size_t)> set;
};

const CountRow kCounts[] = {
    {kVSwitches, [](auto n) { return with_service([&](auto& s) { s.settings.vpc.vswitch_ids = many(n, name_of); }); }},
    {kNasMounts,
     [](auto n) {
         return with_service([&](auto& s) {
             s.settings.nas.mounts = many(n, [](auto i) { return NasMount{"server:/", "/mnt/" + name_of(i), false}; });
         });
     }},
    {kTags,
     [](auto n) {
         std::map<std::string, std::string> tags;
         for (std::size_t i = 0; i < n; ++i) tags[name_of(i)] = "v";
         return check_tags(tags);
     }},
    {kLayers, [](auto n) { return with_function([&](auto& f) { f.layers = many(n, name_of); }); }},
    {kNameServers,
     [](auto n) {
         return with_function(
             [&](auto& f) { f.dns.name_servers = many(n, [](auto i) { return "10.0.0." + std::to_string(i); }); });
     }},
    {kSearches, [](auto n) { return with_function([&](auto& f) { f.dns.searches = many(n, name_of); }); }},
    {kCompatibleRuntimes,
     [](auto n) { return with_layer([&](auto& l) { l.compatible_runtimes = many(n, name_of); }); }},
    {kScheduledActions,
     [](auto n) {
         return with_config<ProvisionConfig>([&](auto& c) {
             c.schedule = many(n, [](auto i) {
                 return ScheduledTarget{name_of(i), "", "", 1, "cron(0 */30 * * * *)"};
             });
         });
     }},
    {kExtraWeights,
     [](auto n) {
         return with_alias([&](auto& a) {
             for (std::size_t i = 0; i < n; ++i) a.extra_weights[std::to_string(i + 2)] = 0.1;
         });
     }},
};

TEST(Boundaries, ThereMayBeAsManyAsTheLimitSaysAndNotOneMore) {
    for (const CountRow& row : kCounts) {
        SCOPED_TRACE(row.rule.field);
        EXPECT_TRUE(row.set(0));
        EXPECT_TRUE(row.set(row.rule.most));
        const auto refused = row.set(row.rule.most + 1);
        ASSERT_FALSE(refused);
        EXPECT_NE(refused.error().doing.find(std::to_string(row.rule.most)), std::string::npos)
            << refused.error().doing;
    }
}

TEST(Boundaries, WeightsAreSharesOfOne) {
    for (const double good : {0.0, 0.1, 1.0})
        EXPECT_TRUE(with_alias([&](auto& a) { a.extra_weights = {{"2", good}}; })) << good;
    for (const double bad : {-0.000001, 1.000001, 2.0})
        EXPECT_FALSE(with_alias([&](auto& a) { a.extra_weights = {{"2", bad}}; })) << bad;
}

}  // namespace
}  // namespace hotcell::catalog
