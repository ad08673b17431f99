#include "engine/catalog/store/settings_json.h"

#include <boost/json.hpp>
#include <type_traits>
#include <utility>
#include <vector>

namespace hotcell::catalog {

namespace json = boost::json;

namespace {

template <class Struct, class Of>
concept Is = std::is_same_v<std::remove_const_t<Struct>, Of>;

// Each struct's keys, once for both directions.
template <Is<LogConfig> S>
void fields(S& s, auto&& field) {
    field("project", s.project);
    field("logstore", s.logstore);
    field("enableRequestMetrics", s.request_metrics);
    field("enableInstanceMetrics", s.instance_metrics);
    field("logBeginRule", s.begin_rule);
}
template <Is<VpcConfig> S>
void fields(S& s, auto&& field) {
    field("vpcId", s.vpc_id);
    field("vSwitchIds", s.vswitch_ids);
    field("securityGroupId", s.security_group_id);
    field("role", s.role);
}
template <Is<NasMount> S>
void fields(S& s, auto&& field) {
    field("serverAddr", s.server);
    field("mountDir", s.directory);
    field("enableTLS", s.tls);
}
template <Is<NasConfig> S>
void fields(S& s, auto&& field) {
    field("userId", s.user_id);
    field("groupId", s.group_id);
    field("mountPoints", s.mounts);
}
template <Is<OssMount> S>
void fields(S& s, auto&& field) {
    field("bucketName", s.bucket);
    field("bucketPath", s.path);
    field("endpoint", s.endpoint);
    field("mountDir", s.directory);
    field("readOnly", s.read_only);
}
template <Is<TracingConfig> S>
void fields(S& s, auto&& field) {
    field("type", s.type);
    field("params", s.parameters);
}
template <Is<ServiceSettings> S>
void fields(S& s, auto&& field) {
    field("description", s.description);
    field("role", s.role);
    field("logConfig", s.log);
    field("internetAccess", s.internet_access);
    field("vpcConfig", s.vpc);
    field("nasConfig", s.nas);
    field("ossMountPoints", s.oss_mounts);
    field("tracingConfig", s.tracing);
}
template <Is<CustomRuntime> S>
void fields(S& s, auto&& field) {
    field("command", s.command);
    field("args", s.arguments);
}
template <Is<HealthCheck> S>
void fields(S& s, auto&& field) {
    field("httpGetUrl", s.path);
    field("initialDelaySeconds", s.initial_delay_s);
    field("periodSeconds", s.period_s);
    field("timeoutSeconds", s.timeout_s);
    field("failureThreshold", s.failure_threshold);
    field("successThreshold", s.success_threshold);
}
template <Is<LifecycleHook> S>
void fields(S& s, auto&& field) {
    field("handler", s.handler);
    field("timeout", s.timeout_s);
}
template <Is<CustomDns> S>
void fields(S& s, auto&& field) {
    field("nameServers", s.name_servers);
    field("searches", s.searches);
    field("dnsOptions", s.options);
}
template <Is<FunctionSettings> S>
void fields(S& s, auto&& field) {
    field("description", s.description);
    field("runtime", s.runtime);
    field("handler", s.handler);
    field("initializer", s.initializer);
    field("timeout", s.timeout_s);
    field("initializationTimeout", s.initialization_timeout_s);
    field("memorySize", s.memory_mib);
    field("cpuPercent", s.cpu_percent);
    field("diskSize", s.disk_mib);
    field("instanceConcurrency", s.concurrency);
    field("instanceType", s.instance_type);
    field("environmentVariables", s.environment);
    field("layers", s.layers);
    field("caPort", s.port);
    field("customRuntimeConfig", s.custom);
    field("customHealthCheckConfig", s.health);
    field("preFreeze", s.pre_freeze);
    field("preStop", s.pre_stop);
    field("customDNS", s.dns);
}
template <Is<HttpTrigger> S>
void fields(S& s, auto&& field) {
    field("authType", s.auth_type);
    field("methods", s.methods);
}
template <Is<Trigger> S>
void fields(S& s, auto&& field) {
    field("triggerType", s.type);
    field("description", s.description);
    field("qualifier", s.qualifier);
    field("sourceArn", s.source_arn);
    field("invocationRole", s.invocation_role);
    field("http", s.http);
}
template <Is<ScheduledTarget> S>
void fields(S& s, auto&& field) {
    field("name", s.name);
    field("startTime", s.start_time);
    field("endTime", s.end_time);
    field("target", s.target);
    field("scheduleExpression", s.schedule);
}
template <Is<TargetTracking> S>
void fields(S& s, auto&& field) {
    field("name", s.name);
    field("startTime", s.start_time);
    field("endTime", s.end_time);
    field("metricType", s.metric);
    field("metricTarget", s.metric_target);
    field("minCapacity", s.least);
    field("maxCapacity", s.most);
}
template <Is<ProvisionConfig> S>
void fields(S& s, auto&& field) {
    field("target", s.target);
    field("scheduledActions", s.schedule);
    field("targetTrackingPolicies", s.tracking);
    field("alwaysAllocateCPU", s.always_allocate_cpu);
}
template <Is<OnDemandConfig> S>
void fields(S& s, auto&& field) {
    field("maximumInstanceCount", s.most_instances);
}
template <Is<AsyncConfig> S>
void fields(S& s, auto&& field) {
    field("onSuccess", s.on_success);
    field("onFailure", s.on_failure);
    field("maxAsyncEventAgeInSeconds", s.most_age_s);
    field("maxAsyncRetryAttempts", s.most_retries);
    field("statefulInvocation", s.stateful);
}
template <Is<CodeIdentity> S>
void fields(S& s, auto&& field) {
    field("name", s.name);
    field("size", s.size);
    field("checksum", s.checksum);
    field("package", s.package);
}
template <Is<Layer> S>
void fields(S& s, auto&& field) {
    field("description", s.description);
    field("compatibleRuntime", s.compatible_runtimes);
    field("license", s.license);
    field("public", s.is_public);
    field("code", s.code);
}

template <class T>
inline constexpr bool kIsVector = false;
template <class T>
inline constexpr bool kIsVector<std::vector<T>> = true;
template <class T>
inline constexpr bool kIsMap = false;
template <class V>
inline constexpr bool kIsMap<std::map<std::string, V>> = true;
template <class T>
inline constexpr bool kIsPair = false;
template <class A, class B>
inline constexpr bool kIsPair<std::pair<A, B>> = true;

template <class T>
json::value written(const T& value) {
    if constexpr (std::is_same_v<T, std::string>) {
        return json::string(value);
    } else if constexpr (std::is_arithmetic_v<T>) {
        return value;
    } else if constexpr (kIsVector<T>) {
        json::array all;
        for (const auto& one : value) all.push_back(written(one));
        return all;
    } else if constexpr (kIsMap<T>) {
        json::object all;
        for (const auto& [name, one] : value) all[name] = written(one);
        return all;
    } else if constexpr (kIsPair<T>) {
        return json::array{written(value.first), written(value.second)};
    } else {
        json::object all;
        fields(value, [&](std::string_view key, const auto& one) { all[key] = written(one); });
        return all;
    }
}

template <class T>
void read(const json::value& from, T& into) {
    if constexpr (std::is_same_v<T, std::string>) {
        into = from.as_string();
    } else if constexpr (std::is_same_v<T, bool>) {
        into = from.as_bool();
    } else if constexpr (std::is_arithmetic_v<T>) {
        into = from.to_number<T>();
    } else if constexpr (kIsVector<T>) {
        into.clear();
        for (const json::value& one : from.as_array()) read(one, into.emplace_back());
    } else if constexpr (kIsMap<T>) {
        into.clear();
        for (const auto& [name, one] : from.as_object()) read(one, into[std::string(name)]);
    } else if constexpr (kIsPair<T>) {
        read(from.as_array().at(0), into.first);
        read(from.as_array().at(1), into.second);
    } else {
        const json::object& all = from.as_object();
        fields(into, [&](std::string_view key, auto& one) {
            if (const json::value* found = all.if_contains(key)) read(*found, one);
        });
    }
}

template <class T>
Result<> read_text(std::string_view text, T& into) {
    json::error_code error;
    const json::value parsed = json::parse(text, error);
    if (error) return fail(ErrorKind::Broken, "settings in the catalog are damaged: " + error.message());
    try {
        read(parsed, into);
    } catch (const std::exception& refused) {  // of another type than it was written with, or out of its range
        return fail(ErrorKind::Broken, std::string("settings in the catalog are damaged: ") + refused.what());
    }
    return {};
}

}  // namespace

std::string as_json(const ServiceSettings& settings) { return json::serialize(written(settings)); }
std::string as_json(const FunctionSettings& settings) { return json::serialize(written(settings)); }
std::string as_json(const Trigger& trigger) { return json::serialize(written(trigger)); }
std::string as_json(const ProvisionConfig& config) { return json::serialize(written(config)); }
std::string as_json(const OnDemandConfig& config) { return json::serialize(written(config)); }
std::string as_json(const AsyncConfig& config) { return json::serialize(written(config)); }
std::string as_json(const Layer& layer) { return json::serialize(written(layer)); }
std::string as_json(const Texts& texts) { return json::serialize(written(texts)); }
std::string as_json(const Weights& weights) { return json::serialize(written(weights)); }

Result<> read_json(std::string_view text, ServiceSettings& settings) { return read_text(text, settings); }
Result<> read_json(std::string_view text, FunctionSettings& settings) { return read_text(text, settings); }
Result<> read_json(std::string_view text, Trigger& trigger) { return read_text(text, trigger); }
Result<> read_json(std::string_view text, ProvisionConfig& config) { return read_text(text, config); }
Result<> read_json(std::string_view text, OnDemandConfig& config) { return read_text(text, config); }
Result<> read_json(std::string_view text, AsyncConfig& config) { return read_text(text, config); }
Result<> read_json(std::string_view text, Layer& layer) { return read_text(text, layer); }
Result<> read_json(std::string_view text, Texts& texts) { return read_text(text, texts); }
Result<> read_json(std::string_view text, Weights& weights) { return read_text(text, weights); }

}  // namespace hotcell::catalog
