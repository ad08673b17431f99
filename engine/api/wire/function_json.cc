#include "engine/api/wire/function_json.h"

#include <boost/json.hpp>
#include <cmath>

#include "engine/api/limits.h"
#include "engine/api/wire/json_body.h"
#include "engine/api/wire/json_fields.h"
#include "engine/api/wire/json_text.h"
#include "engine/api/wire/names.h"
#include "engine/api/wire/query.h"
#include "engine/base/result.h"

namespace hotcell::api {

namespace json = boost::json;

namespace {

/// FC counts in processors with two decimals, we in hundredths of one. 0 and null: a share by memory.
Result<std::optional<std::uint32_t>> read_cpu(const JsonFields& fields) {
    const auto cpu = TRY(fields.decimal("cpu"));
    if (!cpu) return std::nullopt;
    const double percent = *cpu * 100;
    if (percent < 0 || percent > 1e6 || std::abs(percent - std::round(percent)) > 1e-6)
        return refuse_value("cpu", "0.05-16 in steps of 0.05", json::serialize(json::value(*cpu)));
    return static_cast<std::uint32_t>(std::lround(percent));
}

/// The SDK of 2021-04-06 writes the member with a capital on updates, which names in any case cover.
Result<> read_numbers(const JsonFields& fields, FunctionChange& change) {
    change.timeout_s = TRY(fields.number("timeout"));
    change.initialization_timeout_s = TRY(fields.number("initializationTimeout"));
    change.memory_mib = TRY(fields.number("memorySize"));
    change.cpu_percent = TRY(read_cpu(fields));
    change.disk_mib = TRY(fields.number("diskSize"));
    change.concurrency = TRY(fields.number("instanceConcurrency"));
    if (const auto port = TRY(fields.number("caPort"))) {
        if (*port > 65'535) return refuse_value("caPort", "1-65535", std::to_string(*port));
        change.port = static_cast<std::uint16_t>(*port);
    }
    return {};
}

Result<std::optional<CustomRuntime>> read_custom_runtime(const JsonFields& fields) {
    const auto members = TRY(fields.object("customRuntimeConfig"));
    if (!members) return std::nullopt;
    CustomRuntime custom;
    custom.command = TRY(members->text_list("command"))
    .value_or(std::vector<std::string>());
    custom.arguments = TRY(members->text_list("args"))
    .value_or(std::vector<std::string>());
    TRY(members->refuse_slips());
    return custom;
}

Result<std::optional<HealthCheck>> read_health(const JsonFields& fields) {
    const auto members = TRY(fields.object("customHealthCheckConfig"));
    if (!members) return std::nullopt;
    HealthCheck health;
    health.path = TRY(members->text("httpGetUrl"))
    .value_or("");
    for (const auto& [name, value] :
         {std::pair("initialDelaySeconds", &HealthCheck::initial_delay_s),
          std::pair("periodSeconds", &HealthCheck::period_s), std::pair("timeoutSeconds", &HealthCheck::timeout_s),
          std::pair("failureThreshold", &HealthCheck::failure_threshold),
          std::pair("successThreshold", &HealthCheck::success_threshold)})
        health.*value = TRY(members->number(name))
    .value_or(health.*value);
    TRY(members->refuse_slips());
    return health;
}

Result<std::optional<LifecycleHook>> read_hook(const JsonFields& hooks, std::string_view name) {
    const auto members = TRY(hooks.object(name));
    if (!members) return std::nullopt;
    LifecycleHook hook;
    hook.handler = TRY(members->text("handler"))
    .value_or("");
    hook.timeout_s = TRY(members->number("timeout"))
    .value_or(hook.timeout_s);
    TRY(members->refuse_slips());
    return hook;
}

Result<std::optional<CustomDns>> read_dns(const JsonFields& fields) {
    const auto members = TRY(fields.object("customDNS"));
    if (!members) return std::nullopt;
    CustomDns dns;
    dns.name_servers = TRY(members->text_list("nameServers"))
    .value_or(std::vector<std::string>());
    dns.searches = TRY(members->text_list("searches"))
    .value_or(std::vector<std::string>());
    for (const auto& option : TRY(members->object_list("dnsOptions")).value_or(std::vector<JsonFields>())) {
        auto name = TRY(option.text("name"))
        .value_or("");
        dns.options.emplace_back(std::move(name), TRY(option.text("value")).value_or(""));
    }
    TRY(members->refuse_slips());
    return dns;
}

Result<> read_groups(const JsonFields& fields, FunctionChange& change) {
    change.environment = TRY(fields.texts("environmentVariables"));
    change.layers = TRY(fields.text_list("layers"));
    change.custom = TRY(read_custom_runtime(fields));
    change.health = TRY(read_health(fields));
    if (const auto hooks = TRY(fields.object("instanceLifecycleConfig"))) {
        change.pre_freeze = TRY(read_hook(*hooks, "preFreeze"));
        change.pre_stop = TRY(read_hook(*hooks, "preStop"));
        TRY(hooks->refuse_slips());
    }
    change.dns = TRY(read_dns(fields));
    return {};
}

Result<> refuse_unsupported(const JsonFields& fields) {
    for (const auto& [name, usual] : {std::pair("gpuMemorySize", ""), std::pair("customContainerConfig", ""),
                                      std::pair("instanceSoftConcurrency", "1")})
        TRY(fields.expect_usual(name, usual));
    const auto code = TRY(fields.object("code"));
    if (!code) return {};
    for (const char* name : {"ossBucketName", "ossObjectName"}) TRY(code->expect_usual(name, ""));
    (void)TRY(code->text("zipFile"));
    return code->refuse_slips();
}

Result<FunctionChange> read_change(const JsonFields& fields, std::optional<std::string> zip) {
    FunctionChange change;
    change.description = TRY(fields.text("description"));
    change.runtime = TRY(fields.text("runtime"));
    change.handler = TRY(fields.text("handler"));
    change.initializer = TRY(fields.text("initializer"));
    change.instance_type = TRY(fields.text("instanceType"));
    (void)TRY(fields.text("functionName"));  // clients repeat it
    TRY(read_numbers(fields, change));
    TRY(read_groups(fields, change));
    TRY(refuse_unsupported(fields));
    TRY(fields.refuse_slips());
    change.zip = std::move(zip);
    return change;
}

template <class Value>
void keep(Value& setting, std::optional<Value>& wanted) {
    if (wanted) setting = std::move(*wanted);
}

/// What a new function is: the defaults, and what the body says.
FunctionSettings settings_of(FunctionChange& change) {
    FunctionSettings settings;
    keep(settings.description, change.description);
    keep(settings.runtime, change.runtime);
    keep(settings.handler, change.handler);
    keep(settings.initializer, change.initializer);
    keep(settings.timeout_s, change.timeout_s);
    keep(settings.initialization_timeout_s, change.initialization_timeout_s);
    keep(settings.memory_mib, change.memory_mib);
    keep(settings.cpu_percent, change.cpu_percent);
    keep(settings.disk_mib, change.disk_mib);
    keep(settings.concurrency, change.concurrency);
    keep(settings.instance_type, change.instance_type);
    keep(settings.environment, change.environment);
    keep(settings.layers, change.layers);
    keep(settings.port, change.port);
    keep(settings.custom, change.custom);
    keep(settings.health, change.health);
    keep(settings.pre_freeze, change.pre_freeze);
    keep(settings.pre_stop, change.pre_stop);
    keep(settings.dns, change.dns);
    return settings;
}

// ---- writing --------------------------------------------------------------------------------------------------------

json::value null_unless(bool set, json::object object) {
    if (!set) return nullptr;
    return object;
}

json::object object_of(const LifecycleHook& hook) {
    return {{"handler", json_text(hook.handler)}, {"timeout", hook.timeout_s}};
}

json::object object_of(const HealthCheck& health) {
    return {{"httpGetUrl", json_text(health.path)},
            {"initialDelaySeconds", health.initial_delay_s},
            {"periodSeconds", health.period_s},
            {"timeoutSeconds", health.timeout_s},
            {"failureThreshold", health.failure_threshold},
            {"successThreshold", health.success_threshold}};
}

json::object object_of(const CustomDns& dns) {
    json::array options;
    for (const auto& [name, value] : dns.options)
        options.push_back(json::object{{"name", json_text(name)}, {"value", json_text(value)}});
    return {{"nameServers", json_list(dns.name_servers)},
            {"searches", json_list(dns.searches)},
            {"dnsOptions", std::move(options)}};
}

/// The members that are null where nothing was asked for.
void add_groups(const FunctionSettings& settings, json::object& out) {
    const bool is_custom = settings.runtime.starts_with("custom");
    out["cpu"] = nullptr;
    if (settings.cpu_percent > 0) out["cpu"] = settings.cpu_percent / 100.0;
    out["layers"] = nullptr;
    if (!settings.layers.empty()) out["layers"] = json_list(settings.layers);
    out["layersArnV2"] = out["layers"];
    out["caPort"] = nullptr;
    if (is_custom) out["caPort"] = settings.port;
    out["customRuntimeConfig"] =
        null_unless(settings.custom != CustomRuntime{},
                    {{"command", json_list(settings.custom.command)}, {"args", json_list(settings.custom.arguments)}});
    out["customHealthCheckConfig"] = null_unless(settings.health != HealthCheck{}, object_of(settings.health));
    const bool has_hooks = settings.pre_freeze != LifecycleHook{} || settings.pre_stop != LifecycleHook{};
    out["instanceLifecycleConfig"] = null_unless(
        has_hooks, {{"preFreeze", object_of(settings.pre_freeze)}, {"preStop", object_of(settings.pre_stop)}});
    out["customDNS"] = null_unless(settings.dns != CustomDns{}, object_of(settings.dns));
    out["gpuMemorySize"] = nullptr;
    out["instanceSoftConcurrency"] = nullptr;
    out["customContainerConfig"] = nullptr;
}

json::object object_of(const Function& function) {
    const FunctionSettings& settings = function.settings;
    json::object out{{"functionName", json_text(function.name)},
                     {"functionId", json_text(function.id)},
                     {"description", json_text(settings.description)},
                     {"runtime", json_text(settings.runtime)},
                     {"handler", json_text(settings.handler)},
                     {"initializer", json_text(settings.initializer)},
                     {"timeout", settings.timeout_s},
                     {"initializationTimeout", settings.initialization_timeout_s},
                     {"memorySize", settings.memory_mib},
                     {"diskSize", settings.disk_mib},
                     {"instanceConcurrency", settings.concurrency},
                     {"instanceType", json_text(settings.instance_type)},
                     {"environmentVariables", json_texts(settings.environment)},
                     {"codeSize", function.code.size},
                     {"codeChecksum", std::to_string(function.code.checksum)},
                     {"createdTime", json_text(iso_time(function.created_ms))},
                     {"lastModifiedTime", json_text(iso_time(function.modified_ms))}};
    add_groups(settings, out);
    return out;
}

}  // namespace

Result<NewFunction> read_function(std::string service, std::string_view body) {
    auto document = TRY(parse_json_body(body, kMostPackage));
    const JsonFields fields(document.object);
    NewFunction made;
    made.function.service = std::move(service);
    made.function.name = TRY(required_text(fields, "functionName"));
    TRY(read_function_name(made.function.name));
    auto change = TRY(read_change(fields, std::move(document.zip)));
    for (const auto& [name, value] : {std::pair("runtime", &change.runtime), std::pair("handler", &change.handler)})
        if (!*value) return fail(ErrorKind::InvalidArgument, std::string(name) + ": is missing");
    made.zip = TRY(required("code.zipFile", std::move(change.zip)));
    made.function.settings = settings_of(change);
    return made;
}

Result<FunctionChange> read_function_change(std::string_view body) {
    auto document = TRY(parse_json_body(body, kMostPackage));
    return read_change(JsonFields(document.object), std::move(document.zip));
}

std::string json_of(const Function& function) { return json::serialize(object_of(function)); }
std::string json_of(const Page<Function>& page) {
    return json_of_page("functions", page, [](const Function& function) { return object_of(function); });
}

std::string json_of_code(std::string_view url, std::uint64_t checksum) {
    return json::serialize(json::object{{"url", json_text(url)}, {"checksum", std::to_string(checksum)}});
}

Result<std::uint64_t> read_checksum(std::string_view text) {
    return parse_count("X-Fc-Code-Checksum", text, 0, UINT64_MAX);
}

}  // namespace hotcell::api
