// The rules of functions.
#include <algorithm>

#include "engine/base/utf8.h"
#include "engine/catalog/rules/values.h"

namespace hotcell::catalog {

namespace {

template <class Field>
void set_if(Field& field, const std::optional<Field>& wanted) {
    if (wanted) field = *wanted;
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

Result<> check_custom(const CustomRuntime& custom) {
    TRY(check_count(kCommandParts, custom.command.size() + custom.arguments.size()));
    for (const auto* parts : {&custom.command, &custom.arguments})
        for (const std::string& part : *parts) TRY(check_text(kCommandPart, part, true));
    if (!custom.command.empty() && custom.command[0].empty())
        return refuse_value("customRuntimeConfig.command", "a program's name first", "");
    return {};
}

Result<> check_health(const HealthCheck& health) {
    TRY(check_text(kHealthPath, health.path));
    if (!health.path.empty() && (health.path[0] != '/' || health.path.find(' ') != std::string::npos))
        return refuse_value(kHealthPath.field, "a path that begins with '/'", health.path);
    TRY(check_number(kInitialDelay, health.initial_delay_s));
    TRY(check_number(kPeriod, health.period_s));
    TRY(check_number(kCheckTimeout, health.timeout_s));
    TRY(check_number(kFailureThreshold, health.failure_threshold));
    return check_number(kSuccessThreshold, health.success_threshold);
}

/// A word of resolv.conf(5): nothing that would begin another word or line there.
Result<> check_word(std::string_view field, std::string_view text, std::string_view letters, bool empty = false) {
    const bool good =
        (empty || !text.empty()) && text.size() <= 253 && std::all_of(text.begin(), text.end(), [&](char c) {
            return is_letter(c) || is_digit(c) || letters.find(c) != letters.npos;
        });
    if (!good) return refuse_value(field, "letters, digits and " + std::string(letters), text);
    return {};
}

Result<> check_dns(const CustomDns& dns) {
    TRY(check_count(kNameServers, dns.name_servers.size()));
    for (const std::string& server : dns.name_servers) TRY(check_word(kNameServers.field, server, ".:"));
    TRY(check_count(kSearches, dns.searches.size()));
    for (const std::string& search : dns.searches) TRY(check_word(kSearches.field, search, ".-_"));
    TRY(check_count(kDnsOptions, dns.options.size()));
    for (const auto& [name, value] : dns.options) {
        TRY(check_word(kDnsOptions.field, name, "-"));
        TRY(check_word(kDnsOptions.field, value, "", true));
    }
    return {};
}

Result<> check_sizes(const FunctionSettings& settings) {
    TRY(check_number(kTimeout, settings.timeout_s));
    TRY(check_number(kInitializationTimeout, settings.initialization_timeout_s));
    TRY(check_number(kMemorySize, settings.memory_mib));
    if (settings.cpu_percent != 0) TRY(check_number(kCpuPercent, settings.cpu_percent));
    if (std::ranges::find(kDiskSizes, settings.disk_mib) == kDiskSizes.end())
        return refuse_value("diskSize", "512, 10240", std::to_string(settings.disk_mib));
    TRY(check_number(kConcurrency, settings.concurrency));
    return check_choice("instanceType", kInstanceTypes, settings.instance_type);
}

Result<> check_each(const FunctionSettings& settings) {
    TRY(check_description(settings.description));
    TRY(check_text(kHandler, settings.handler));
    TRY(check_text(kInitializer, settings.initializer));
    TRY(check_sizes(settings));
    TRY(check_environment(settings.environment));
    TRY(check_count(kLayers, settings.layers.size()));
    for (const std::string& arn : settings.layers) TRY(check_text(kLayerArn, arn));
    TRY(check_number(kPort, settings.port));
    TRY(check_custom(settings.custom));
    TRY(check_health(settings.health));
    TRY(check_text(kPreFreeze, settings.pre_freeze.handler));
    TRY(check_number(kPreFreezeTimeout, settings.pre_freeze.timeout_s));
    TRY(check_text(kPreStop, settings.pre_stop.handler));
    TRY(check_number(kPreStopTimeout, settings.pre_stop.timeout_s));
    return check_dns(settings.dns);
}

Result<> check_together(const FunctionSettings& settings) {
    const bool own_server =
        settings.runtime.starts_with("custom") || settings.runtime.starts_with("provided") || settings.runtime == "go1";
    if (settings.concurrency > 1 && !own_server)
        return refuse_value(kConcurrency.field, "1 for runtime " + settings.runtime,
                            std::to_string(settings.concurrency));
    // 1 to 4 GB of memory for each processor
    const std::uint64_t memory = settings.memory_mib * 100ull, cpu = settings.cpu_percent * 1024ull;
    if (cpu != 0 && (memory < cpu || memory > 4 * cpu))
        return refuse_value(
            "cpu", "1 to 4 GB of memorySize for each processor",
            std::to_string(settings.cpu_percent) + " hundredths with " + std::to_string(settings.memory_mib) + " MB");
    return {};
}

}  // namespace

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

void apply(FunctionSettings& settings, const FunctionChange& change) {
    set_if(settings.description, change.description);
    set_if(settings.runtime, change.runtime);
    set_if(settings.handler, change.handler);
    set_if(settings.initializer, change.initializer);
    set_if(settings.timeout_s, change.timeout_s);
    set_if(settings.initialization_timeout_s, change.initialization_timeout_s);
    set_if(settings.memory_mib, change.memory_mib);
    set_if(settings.cpu_percent, change.cpu_percent);
    set_if(settings.disk_mib, change.disk_mib);
    set_if(settings.concurrency, change.concurrency);
    set_if(settings.instance_type, change.instance_type);
    set_if(settings.environment, change.environment);
    set_if(settings.layers, change.layers);
    set_if(settings.port, change.port);
    set_if(settings.custom, change.custom);
    set_if(settings.health, change.health);
    set_if(settings.pre_freeze, change.pre_freeze);
    set_if(settings.pre_stop, change.pre_stop);
    set_if(settings.dns, change.dns);
}

Result<> check(const Function& function, std::span<const std::string> runtimes) {
    TRY(check_service_name(function.service));
    TRY(check_function_name(function.name));
    TRY(check_runtime(function.settings.runtime, runtimes));
    TRY(check_each(function.settings));
    return check_together(function.settings);
}

Result<> check(const FunctionChange& change, std::span<const std::string> runtimes) {
    if (change.runtime) TRY(check_runtime(*change.runtime, runtimes));
    FunctionSettings changed;  // what is unset is as it may be
    changed.handler = "unset";
    apply(changed, change);
    return check_each(changed);
}

}  // namespace hotcell::catalog
