// Every rule at its limits and one past each of them.
#include "engine/catalog/rules/rules.h"

#include <gtest/gtest.h>

#include "engine/catalog/rules/limits.h"

namespace hotcell::catalog {
namespace {

const std::vector<std::string> kRuntimes{"custom", "python3"};

Function good_function() {
    Function function;
    function.service = "s";
    function.name = "f";
    function.settings.runtime = "python3";
    function.settings.handler = "index.handler";
    return function;
}

std::string words_of(const Result<>& result) {
    if (result) return {};
    EXPECT_EQ(result.error().kind, ErrorKind::InvalidArgument);
    EXPECT_EQ(result.error().code, "InvalidArgument");
    return result.error().doing;
}

struct NameCase {
    std::string name;
    bool service;
    bool function;
};
class Names : public ::testing::TestWithParam<NameCase> {};

TEST_P(Names, AreOfTheAlphabetAndLength) {
    EXPECT_EQ(check_service_name(GetParam().name).has_value(), GetParam().service);
    EXPECT_EQ(check_function_name(GetParam().name).has_value(), GetParam().function);
}

INSTANTIATE_TEST_SUITE_P(
    Rules, Names,
    ::testing::Values(NameCase{"", false, false}, NameCase{"a", true, true}, NameCase{"_", true, true},
                      NameCase{"Az_-09", true, true}, NameCase{"9a", false, false}, NameCase{"-a", false, false},
                      NameCase{std::string(64, 'x'), true, true}, NameCase{std::string(65, 'x'), true, false},
                      NameCase{std::string(128, 'x'), true, false}, NameCase{std::string(129, 'x'), false, false},
                      NameCase{"a b", false, false}, NameCase{"a.b", false, false}, NameCase{"a/b", false, false},
                      NameCase{"../a", false, false}, NameCase{"a'b", false, false}, NameCase{"a\"b", false, false},
                      NameCase{std::string("a\0b", 3), false, false}, NameCase{"a\nb", false, false},
                      NameCase{"na\xc3\xafve", false, false}, NameCase{"a\xff", false, false},
                      NameCase{std::string(10240, 'x'), false, false}));

struct NumberCase {
    NumberRule rule;
    std::uint32_t FunctionSettings::*of_function;
    std::optional<std::uint32_t> FunctionChange::*of_change;
};
class Numbers : public ::testing::TestWithParam<NumberCase> {};

TEST_P(Numbers, AreAcceptedUpToTheirLimitsAndNotPastThem) {
    const NumberRule& rule = GetParam().rule;
    const auto both = [&](std::uint32_t value) {
        Function function = good_function();
        function.settings.*GetParam().of_function = value;
        FunctionChange change;
        change.*GetParam().of_change = value;
        const auto of_function = check(function, kRuntimes);
        const auto of_change = check(change, kRuntimes);
        EXPECT_EQ(of_function.has_value(), of_change.has_value()) << value;
        return words_of(of_function);
    };
    EXPECT_EQ(both(rule.least), "");
    EXPECT_EQ(both(rule.most), "");
    EXPECT_EQ(both(rule.least + rule.step), "");
    const std::string allowed = std::to_string(rule.least) + "-" + std::to_string(rule.most) +
                                (rule.step == 1 ? "" : ", a multiple of " + std::to_string(rule.step));
    for (const std::uint32_t bad : {0u, rule.least - rule.step, rule.most + rule.step, 0xffffffffu})
        EXPECT_EQ(both(bad), std::string(rule.field) + " is set to an invalid value (allowed: " + allowed +
                                 ", actual: '" + std::to_string(bad) + "')");
    if (rule.step > 1) {
        EXPECT_NE(both(rule.least + 1), "");
        EXPECT_NE(both(rule.most - 1), "");
    }
}

INSTANTIATE_TEST_SUITE_P(
    Rules, Numbers,
    ::testing::Values(NumberCase{kTimeout, &FunctionSettings::timeout_s, &FunctionChange::timeout_s},
                      NumberCase{kInitializationTimeout, &FunctionSettings::initialization_timeout_s,
                                 &FunctionChange::initialization_timeout_s},
                      NumberCase{kMemorySize, &FunctionSettings::memory_mib, &FunctionChange::memory_mib}));

struct TextCase {
    TextRule rule;
    std::string FunctionSettings::*of_function;
    std::optional<std::string> FunctionChange::*of_change;
};
class Texts : public ::testing::TestWithParam<TextCase> {};

TEST_P(Texts, AreCountedInCharactersAndRefusedPastTheirLimits) {
    const TextRule& rule = GetParam().rule;
    const auto both = [&](const std::string& value) {
        Function function = good_function();
        function.settings.*GetParam().of_function = value;
        FunctionChange change;
        change.*GetParam().of_change = value;
        EXPECT_EQ(check(function, kRuntimes).has_value(), check(change, kRuntimes).has_value()) << value;
        return words_of(check(function, kRuntimes));
    };
    std::string wide;
    for (std::uint32_t i = 0; i < rule.most; ++i) wide += "\xe5\xad\x97";
    EXPECT_EQ(both(std::string(rule.most, 'x')), "");
    EXPECT_EQ(both(wide), "");
    EXPECT_EQ(both("").empty(), rule.least == 0);
    EXPECT_EQ(both(std::string(rule.most + 1, 'x')).substr(0, rule.field.size() + 28),
              std::string(rule.field) + " is set to an invalid value ");
    EXPECT_NE(both(wide + "x"), "");
    EXPECT_NE(both(std::string("a\0b", 3)), "");
    EXPECT_NE(both("\xc0\xaf"), "");
}

INSTANTIATE_TEST_SUITE_P(
    Rules, Texts,
    ::testing::Values(TextCase{kHandler, &FunctionSettings::handler, &FunctionChange::handler},
                      TextCase{kInitializer, &FunctionSettings::initializer, &FunctionChange::initializer},
                      TextCase{kDescription, &FunctionSettings::description, &FunctionChange::description}));

TEST(Rules, OnlyADescriptionMayHaveLines) {
    Function function = good_function();
    function.settings.description = "one\ntwo";
    EXPECT_TRUE(check(function, kRuntimes));
    function.settings.handler = "index\n.handler";
    EXPECT_FALSE(check(function, kRuntimes));
}

TEST(Rules, ARuntimeIsOneOfTheEngines) {
    Function function = good_function();
    function.settings.runtime = "cobol";
    EXPECT_EQ(words_of(check(function, kRuntimes)),
              "runtime is set to an invalid value (allowed: custom, python3, actual: 'cobol')");
    FunctionChange change;
    change.runtime = "";
    EXPECT_FALSE(check(change, kRuntimes));
    change.runtime = "custom";
    EXPECT_TRUE(check(change, kRuntimes));
}

TEST(Rules, AFunctionNamesAServiceThatCouldBe) {
    Function function = good_function();
    function.service = "no service";
    EXPECT_EQ(words_of(check(function, kRuntimes)),
              "serviceName doesn't match expected format (allowed: '^[_a-zA-Z][-_a-zA-Z0-9]*$', actual: 'no service')");
}

TEST(Rules, AServiceHasBoundedTexts) {
    Service service;
    service.name = "s";
    service.settings.description = std::string(256, 'x');
    service.settings.role = std::string(300, 'x');
    service.settings.log = {std::string(128, 'x'), std::string(128, 'x')};
    EXPECT_TRUE(check(service));
    for (std::string* text : {&service.settings.description, &service.settings.role, &service.settings.log.project,
                              &service.settings.log.logstore}) {
        *text += 'x';
        EXPECT_FALSE(check(service)) << text->size();
        text->pop_back();
    }
    ServiceChange change;
    change.log = LogConfig{std::string(129, 'x'), ""};
    EXPECT_FALSE(check(change));
    change.log = LogConfig{};
    change.description = std::string(257, 'x');
    EXPECT_FALSE(check(change));
    EXPECT_TRUE(check(ServiceChange{}));
}

TEST(Rules, AnEnvironmentIsAtMostFourKibibytes) {
    EXPECT_TRUE(check_environment({{"NAME", std::string(4092, 'x')}}));
    EXPECT_EQ(words_of(check_environment({{"NAME", std::string(4093, 'x')}})),
              "environmentVariables is set to an invalid value (allowed: at most 4096 bytes in all, actual: '4097')");
    EXPECT_FALSE(check_environment({{"A", std::string(2048, 'x')}, {"B", std::string(2047, 'x')}}));
    EXPECT_TRUE(check_environment({{"A", std::string(2048, 'x')}, {"B", std::string(2046, 'x')}}));
    EXPECT_FALSE(check_environment({{"HUGE", std::string(4 << 20, 'x')}}));
}

TEST(Rules, VariablesThatPeopleNeedAreAccepted) {
    for (const char* name : {"PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONSTARTUP", "NODE_OPTIONS", "NODE_PATH",
                             "TZ", "FC", "FCX", "fc_x", "Topic", "topics", "a1_"})
        EXPECT_TRUE(check_environment({{name, "value\nof two lines"}})) << name;
}

TEST(Rules, VariablesOfTheEngineAndOfTheLoaderAreRefused) {
    for (const char* name : {"FC_", "FC_FUNCTION_NAME", "HOTCELL_X", "accessKeyID", "accessKeySecret", "securityToken",
                             "topic", "LD_PRELOAD", "LD_AUDIT", "GLIBC_TUNABLES"})
        EXPECT_NE(words_of(check_environment({{name, ""}})), "") << name;
}

TEST(Rules, VariablesThatNoEnvironmentCanHoldAreRefused) {
    for (const std::string& name :
         std::vector<std::string>{"", "_A", "1A", "A=B", "A B", "A-B", "A\n", std::string("A\0", 2), "\xc3\xa4"})
        EXPECT_FALSE(check_environment({{name, ""}})) << name;
    EXPECT_FALSE(check_environment({{"A", std::string("\0", 1)}}));
    EXPECT_FALSE(check_environment({{"A", "\xff"}}));
}

TEST(Rules, APageHasOneToAHundredItems) {
    PageRequest page;
    for (const std::uint32_t good : {1u, 20u, 100u}) {
        page.limit = good;
        EXPECT_TRUE(check(page));
    }
    for (const std::uint32_t bad : {0u, 101u}) {
        page.limit = bad;
        EXPECT_EQ(words_of(check(page)),
                  "limit is set to an invalid value (allowed: 1-100, actual: '" + std::to_string(bad) + "')");
    }
    page.limit = 20;
    page.prefix = std::string(129, 'x');
    EXPECT_FALSE(check(page));
    page.prefix = "";
    page.start_key = std::string(129, 'x');
    EXPECT_FALSE(check(page));
}

TEST(Rules, MessagesShowOnlyALittleOfWhatWasSentAndNoControlCharacters) {
    const std::string words = words_of(check_service_name("\x1b[31m" + std::string(10240, 'x')));
    EXPECT_LT(words.size(), 200u);
    EXPECT_EQ(words.find('\x1b'), words.npos);
    // cut between characters, never inside one
    const std::string wide = words_of(check_service_name("xx" + std::string(60, 'x') + "\xe5\xad\x97\xe5\xad\x97"));
    EXPECT_NE(wide.find("xxx...'"), wide.npos) << wide;
}

}  // namespace
}  // namespace hotcell::catalog
