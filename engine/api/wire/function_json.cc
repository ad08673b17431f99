#include "engine/api/wire/function_json.h"

#include <fmt/chrono.h>

#include <boost/json.hpp>

#include "engine/api/wire/base64.h"
#include "engine/api/wire/json_text.h"
#include "engine/api/wire/utf8.h"

namespace hotcell::api {

namespace json = boost::json;

namespace {

json::object object_of(const Service& service) {
    return {{"serviceName", json_text(service.name)},
            {"serviceId", json_text(service.id)},
            {"description", json_text(service.settings.description)},
            {"role", json_text(service.settings.role)},
            {"logConfig", json::object{{"project", json_text(service.settings.log.project)},
                                       {"logstore", json_text(service.settings.log.logstore)},
                                       {"enableRequestMetrics", false},
                                       {"enableInstanceMetrics", false},
                                       {"logBeginRule", "None"}}},
            {"vpcConfig",
             json::object{{"vpcId", ""}, {"vSwitchIds", json::array()}, {"securityGroupId", ""}, {"role", ""}}},
            {"internetAccess", service.settings.internet_access},
            {"nasConfig", json::object{{"userId", -1}, {"groupId", -1}, {"mountPoints", json::array()}}},
            {"ossMountConfig", json::object{{"mountPoints", json::array()}}},
            {"tracingConfig", json::object{{"type", nullptr}, {"params", nullptr}}},
            {"useSLRAuthentication", false},
            {"tags", json::object()},
            {"createdTime", json_text(iso_time(service.created_ms))},
            {"lastModifiedTime", json_text(iso_time(service.modified_ms))}};
}

json::object object_of(const Function& function) {
    json::object environment;
    for (const auto& [name, value] : function.settings.environment) environment[name] = json_text(value);
    json::object out{{"functionName", json_text(function.name)},
                     {"functionId", json_text(function.id)},
                     {"description", json_text(function.settings.description)},
                     {"runtime", json_text(function.settings.runtime)},
                     {"handler", json_text(function.settings.handler)},
                     {"initializer", json_text(function.settings.initializer)},
                     {"timeout", function.settings.timeout_s},
                     {"initializationTimeout", function.settings.initialization_timeout_s},
                     {"memorySize", function.settings.memory_mib},
                     {"diskSize", 512},
                     {"instanceConcurrency", 1},
                     {"instanceType", "e1"},
                     {"environmentVariables", std::move(environment)},
                     {"codeSize", function.code.size},
                     {"codeChecksum", std::to_string(function.code.checksum)},
                     {"createdTime", json_text(iso_time(function.created_ms))},
                     {"lastModifiedTime", json_text(iso_time(function.modified_ms))}};
    for (const char* unset :
         {"cpu", "gpuMemorySize", "instanceSoftConcurrency", "layers", "layersArnV2", "caPort", "customRuntimeConfig",
          "customContainerConfig", "customHealthCheckConfig", "instanceLifecycleConfig", "customDNS"})
        out[unset] = nullptr;
    return out;
}

template <class Item>
std::string json_of_page(const char* name, const Page<Item>& page) {
    json::array items;
    for (const Item& item : page.items) items.push_back(object_of(item));
    json::object out{{name, std::move(items)}};
    if (!page.next_token.empty()) out["nextToken"] = json_text(page.next_token);
    return json::serialize(out);
}

std::string_view word_of(InvokeOutcome outcome) {
    switch (outcome) {
        case InvokeOutcome::Succeeded: return "succeeded";
        case InvokeOutcome::HandledError: return "handled-error";
        case InvokeOutcome::UnhandledError: return "unhandled-error";
        case InvokeOutcome::InitializationError: return "initialization-error";
    }
    return "succeeded";
}

}  // namespace

std::string json_of(const Service& service) { return json::serialize(object_of(service)); }
std::string json_of(const Function& function) { return json::serialize(object_of(function)); }
std::string json_of(const Page<Service>& page) { return json_of_page("services", page); }
std::string json_of(const Page<Function>& page) { return json_of_page("functions", page); }

std::string json_of(const InvokeReport& report) {
    const bool plain = is_utf8(report.log_tail);
    const json::object out{{"requestId", json_text(report.request_id)},
                           {"outcome", json_text(word_of(report.outcome))},
                           {"errorType", json_text(name_of(report.outcome))},
                           {"environmentEnd", json_text(name_of(report.end))},
                           {"version", json_text(report.version)},
                           {"instanceId", json_text(report.instance_id)},
                           {"codeChecksum", std::to_string(report.code_checksum)},
                           {"start", json_text(report.start)},
                           {"cold", report.cold},
                           {"handlerMicros", report.handler.count() / 1'000},
                           {"peakMemoryBytes", report.peak_memory.count},
                           {"log", json_text(plain ? report.log_tail : base64(report.log_tail))},
                           {"logEncoding", plain ? "utf-8" : "base64"}};
    std::string document = json::serialize(out);
    document.back() = ',';  // the closing brace comes after the durations
    return document + json_of_times(report.total, report.phases) + "}";
}

std::string json_of(const std::vector<Instance>& instances) {
    json::array items;
    for (const Instance& instance : instances)
        items.push_back(json::object{{"instanceId", json_text(instance.id)},
                                     {"serviceName", json_text(instance.service)},
                                     {"functionName", json_text(instance.function)},
                                     {"version", json_text(instance.version)},
                                     {"state", json_text(instance.state)},
                                     {"start", json_text(instance.start)},
                                     {"createdTime", json_text(iso_time(instance.created_ms))},
                                     {"calls", instance.calls},
                                     {"memoryBytes", instance.memory.count}});
    return json::serialize(json::object{{"instances", std::move(items)}});
}

std::string json_of(const std::vector<RuntimeSummary>& runtimes) {
    json::array items;
    for (const RuntimeSummary& runtime : runtimes) {
        json::array serves;
        for (const auto& name : runtime.serves) serves.push_back(json_text(name));
        items.push_back(json::object{{"name", json_text(runtime.name)}, {"serves", std::move(serves)}});
    }
    return json::serialize(json::object{{"runtimes", std::move(items)}});
}

std::string json_of_evicted(std::uint64_t count) { return json::serialize(json::object{{"evicted", count}}); }

std::string iso_time(std::int64_t milliseconds) {
    const auto rest = ((milliseconds % 1'000) + 1'000) % 1'000;
    return fmt::format("{:%FT%T}.{:03}Z", fmt::gmtime(static_cast<std::time_t>((milliseconds - rest) / 1'000)), rest);
}

}  // namespace hotcell::api
