#include "engine/catalog/rules/rules.h"

#include <algorithm>

#include "engine/base/utf8.h"
#include "engine/catalog/rules/limits.h"

namespace hotcell::catalog {

namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

/// The first 64 bytes, fit for a message.
std::string shown(std::string_view actual) {
    constexpr std::size_t kMost = 64;
    std::size_t size = std::min(actual.size(), kMost);
    while (size > 0 && size < actual.size() && (static_cast<unsigned char>(actual[size]) & 0xc0) == 0x80) --size;
    std::string text(actual.substr(0, size));
    const bool good = is_utf8(text);
    for (char& c : text)
        if (is_control(c) || (!good && static_cast<unsigned char>(c) >= 0x80)) c = '?';
    return size < actual.size() ? text + "..." : text;
}

std::string range(std::uint64_t least, std::uint64_t most) {
    return std::to_string(least) + "-" + std::to_string(most);
}

Result<> check_number(const NumberRule& rule, std::uint32_t value) {
    if (value >= rule.least && value <= rule.most && value % rule.step == 0) return {};
    std::string allowed = range(rule.least, rule.most);
    if (rule.step != 1) allowed += ", a multiple of " + std::to_string(rule.step);
    return refuse_value(rule.field, allowed, std::to_string(value));
}

Result<> check_text(const TextRule& rule, std::string_view text, bool multiline = false) {
    if (!is_utf8(text)) return refuse_value(rule.field, "UTF-8", text);
    const auto characters = static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
    if (characters < rule.least || characters > rule.most)
        return refuse_value(rule.field, range(rule.least, rule.most) + " characters", text);
    const auto is_bad = [&](char c) { return multiline ? c == '\0' : is_control(c); };
    if (std::any_of(text.begin(), text.end(), is_bad))
        return refuse_value(rule.field, multiline ? "no NUL character" : "no control characters", text);
    return {};
}

std::unexpected<Error> refuse_format(std::string_view field, std::string_view format, std::string_view actual) {
    return refuse(ErrorKind::InvalidArgument, "InvalidArgument",
                  std::string(field) + " doesn't match expected format (allowed: '" + std::string(format) +
                      "', actual: '" + shown(actual) + "')");
}

Result<> check_name(const TextRule& rule, std::string_view name) {
    TRY(check_text(rule, name));
    const auto fits = [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-'; };
    if ((!is_letter(name[0]) && name[0] != '_') || !std::all_of(name.begin(), name.end(), fits))
        return refuse_format(rule.field, kNameFormat, name);
    return {};
}

Result<> check_variable(const std::string& name, const std::string& value) {
    const auto fits = [](char c) { return is_letter(c) || is_digit(c) || c == '_'; };
    if (name.empty() || !is_letter(name[0]) || !std::all_of(name.begin(), name.end(), fits))
        return refuse_format("the name of an environment variable", kVariableFormat, name);
    const bool reserved =
        std::any_of(kReservedPrefixes.begin(), kReservedPrefixes.end(),
                    [&](std::string_view prefix) { return name.starts_with(prefix); }) ||
        std::find(kReservedVariables.begin(), kReservedVariables.end(), name) != kReservedVariables.end();
    if (reserved) return refuse_value("environmentVariables", "names that are not reserved", name);
    if (std::find(kLoaderVariables.begin(), kLoaderVariables.end(), name) != kLoaderVariables.end())
        return refuse_value("environmentVariables", "names that do not change how programs are loaded", name);
    if (!is_utf8(value) || value.find('\0') != std::string::npos)
        return refuse_value("environmentVariables." + name, "UTF-8 without NUL", value);
    return {};
}

Result<> check_runtime(const std::string& runtime, std::span<const std::string> runtimes) {
    if (std::find(runtimes.begin(), runtimes.end(), runtime) != runtimes.end()) return {};
    std::string all;
    for (const std::string& one : runtimes) all += (all.empty() ? "" : ", ") + one;
    return refuse_value("runtime", all, runtime);
}

Result<> check_log(const LogConfig& log) {
    TRY(check_text(kLogProject, log.project));
    return check_text(kLogstore, log.logstore);
}

}  // namespace

std::unexpected<Error> refuse(ErrorKind kind, std::string code, std::string words) {
    Error error;
    error.kind = kind;
    error.doing = std::move(words);
    error.code = std::move(code);
    return std::unexpected(std::move(error));
}

std::unexpected<Error> refuse_value(std::string_view field, std::string_view allowed, std::string_view actual) {
    return refuse(ErrorKind::InvalidArgument, "InvalidArgument",
                  std::string(field) + " is set to an invalid value (allowed: " + std::string(allowed) + ", actual: '" +
                      shown(actual) + "')");
}

Result<> check_service_name(std::string_view name) { return check_name(kServiceName, name); }
Result<> check_function_name(std::string_view name) { return check_name(kFunctionName, name); }

Result<> check_environment(const std::map<std::string, std::string>& environment) {
    std::size_t bytes = 0;
    for (const auto& [name, value] : environment) {
        TRY(check_variable(name, value));
        bytes += name.size() + value.size();
    }
    if (bytes > kEnvironmentBytes)
        return refuse_value("environmentVariables", "at most " + std::to_string(kEnvironmentBytes) + " bytes in all",
                            std::to_string(bytes));
    return {};
}

Result<> check(const Service& service) {
    TRY(check_service_name(service.name));
    TRY(check_text(kDescription, service.settings.description, true));
    TRY(check_text(kRole, service.settings.role));
    return check_log(service.settings.log);
}

Result<> check(const ServiceChange& change) {
    if (change.description) TRY(check_text(kDescription, *change.description, true));
    if (change.role) TRY(check_text(kRole, *change.role));
    if (change.log) TRY(check_log(*change.log));
    return {};
}

Result<> check(const Function& function, std::span<const std::string> runtimes) {
    TRY(check_service_name(function.service));
    TRY(check_function_name(function.name));
    TRY(check_text(kDescription, function.settings.description, true));
    TRY(check_runtime(function.settings.runtime, runtimes));
    TRY(check_text(kHandler, function.settings.handler));
    TRY(check_text(kInitializer, function.settings.initializer));
    TRY(check_number(kTimeout, function.settings.timeout_s));
    TRY(check_number(kInitializationTimeout, function.settings.initialization_timeout_s));
    TRY(check_number(kMemorySize, function.settings.memory_mib));
    return check_environment(function.settings.environment);
}

Result<> check(const FunctionChange& change, std::span<const std::string> runtimes) {
    if (change.description) TRY(check_text(kDescription, *change.description, true));
    if (change.runtime) TRY(check_runtime(*change.runtime, runtimes));
    if (change.handler) TRY(check_text(kHandler, *change.handler));
    if (change.initializer) TRY(check_text(kInitializer, *change.initializer));
    if (change.timeout_s) TRY(check_number(kTimeout, *change.timeout_s));
    if (change.initialization_timeout_s) TRY(check_number(kInitializationTimeout, *change.initialization_timeout_s));
    if (change.memory_mib) TRY(check_number(kMemorySize, *change.memory_mib));
    if (change.environment) TRY(check_environment(*change.environment));
    return {};
}

Result<> check(const PageRequest& page) {
    TRY(check_number(kLimit, page.limit));
    TRY(check_text(kPrefix, page.prefix));
    return check_text(kStartKey, page.start_key);
}

}  // namespace hotcell::catalog
