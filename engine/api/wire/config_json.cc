#include "engine/api/wire/config_json.h"

#include <boost/json.hpp>

#include "engine/api/wire/json_body.h"
#include "engine/api/wire/json_fields.h"
#include "engine/api/wire/json_text.h"
#include "engine/base/result.h"

namespace hotcell::api {

namespace json = boost::json;

namespace {

std::string_view qualifier_of(const FunctionReference& of) { return of.qualifier.empty() ? kLatest : of.qualifier; }

/// "{account}#{service}#{qualifier}#{function}"
std::string provision_resource(const FunctionReference& of) {
    std::string text(kAccountId);
    return text.append("#").append(of.service).append("#").append(qualifier_of(of)).append("#").append(of.function);
}

Result<ScheduledTarget> read_scheduled(const JsonFields& fields) {
    ScheduledTarget action;
    action.name = TRY(fields.text("name"))
    .value_or("");
    action.start_time = TRY(fields.text("startTime"))
    .value_or("");
    action.end_time = TRY(fields.text("endTime"))
    .value_or("");
    action.target = TRY(fields.number("target"))
    .value_or(0);
    action.schedule = TRY(fields.text("scheduleExpression"))
    .value_or("");
    TRY(fields.refuse_slips());
    return action;
}

Result<TargetTracking> read_tracking(const JsonFields& fields) {
    TargetTracking policy;
    policy.name = TRY(fields.text("name"))
    .value_or("");
    policy.start_time = TRY(fields.text("startTime"))
    .value_or("");
    policy.end_time = TRY(fields.text("endTime"))
    .value_or("");
    if (auto metric = TRY(fields.text("metricType"))) policy.metric = std::move(*metric);
    policy.metric_target = TRY(fields.decimal("metricTarget"))
    .value_or(0);
    policy.least = TRY(fields.number("minCapacity"))
    .value_or(0);
    policy.most = TRY(fields.number("maxCapacity"))
    .value_or(0);
    TRY(fields.refuse_slips());
    return policy;
}

json::object object_of(const ScheduledTarget& action) {
    return {{"name", json_text(action.name)},
            {"startTime", json_text(action.start_time)},
            {"endTime", json_text(action.end_time)},
            {"target", action.target},
            {"scheduleExpression", json_text(action.schedule)}};
}

json::object object_of(const TargetTracking& policy) {
    return {{"name", json_text(policy.name)},
            {"startTime", json_text(policy.start_time)},
            {"endTime", json_text(policy.end_time)},
            {"metricType", json_text(policy.metric)},
            {"metricTarget", policy.metric_target},
            {"minCapacity", policy.least},
            {"maxCapacity", policy.most}};
}

json::object object_of(const ProvisionConfig& config, const ProvisionState& state) {
    json::array schedule, tracking;
    for (const ScheduledTarget& action : config.schedule) schedule.push_back(object_of(action));
    for (const TargetTracking& policy : config.tracking) tracking.push_back(object_of(policy));
    return {{"resource", json_text(provision_resource(config.of))},
            {"target", config.target},
            {"current", state.current},
            {"currentError", json_text(state.error)},
            {"scheduledActions", std::move(schedule)},
            {"targetTrackingPolicies", std::move(tracking)},
            {"alwaysAllocateCPU", config.always_allocate_cpu}};
}

json::object object_of(const OnDemandConfig& config) {
    std::string resource = "services/" + config.of.service;
    resource.append(".").append(qualifier_of(config.of)).append("/functions/").append(config.of.function);
    return {{"resource", json_text(resource)}, {"maximumInstanceCount", config.most_instances}};
}

json::value destination_of(const std::string& arn) {
    if (arn.empty()) return nullptr;
    return json::object{{"destination", json_text(arn)}};
}

json::object object_of(const AsyncConfig& config) {
    return {{"service", json_text(config.of.service)},
            {"function", json_text(config.of.function)},
            {"qualifier", json_text(qualifier_of(config.of))},
            {"destinationConfig", json::object{{"onSuccess", destination_of(config.on_success)},
                                               {"onFailure", destination_of(config.on_failure)}}},
            {"maxAsyncEventAgeInSeconds", config.most_age_s},
            {"maxAsyncRetryAttempts", config.most_retries},
            {"statefulInvocation", config.stateful},
            {"createdTime", json_text(iso_time(config.created_ms))},
            {"lastModifiedTime", json_text(iso_time(config.modified_ms))}};
}

Result<> read_destination(const JsonFields& fields, std::string_view name, std::string& destination) {
    const auto member = TRY(fields.object(name));
    if (member) destination = TRY(member->text("destination"))
    .value_or("");
    return member ? member->refuse_slips() : Result<>();
}

}  // namespace

Result<> read_provision(std::string_view body, ProvisionConfig& config) {
    const auto document = TRY(parse_json_body(body, Bytes{0}));
    const JsonFields fields(document.object);
    config.target = TRY(fields.number("target"))
    .value_or(config.target);
    if (const auto actions = TRY(fields.object_list("scheduledActions"))) {
        config.schedule.clear();
        for (const auto& action : *actions) config.schedule.push_back(TRY(read_scheduled(action)));
    }
    if (const auto policies = TRY(fields.object_list("targetTrackingPolicies"))) {
        config.tracking.clear();
        for (const auto& policy : *policies) config.tracking.push_back(TRY(read_tracking(policy)));
    }
    config.always_allocate_cpu = TRY(fields.boolean("alwaysAllocateCPU"))
    .value_or(config.always_allocate_cpu);
    return fields.refuse_slips();
}

std::string json_of(const ProvisionConfig& config, const ProvisionState& state) {
    return json::serialize(object_of(config, state));
}
std::string json_of(const Page<ProvisionConfig>& page, const std::vector<ProvisionState>& states) {
    std::size_t next = 0;
    return json_of_page("provisionConfigs", page,
                        [&](const ProvisionConfig& config) { return object_of(config, states.at(next++)); });
}

Result<> read_on_demand(std::string_view body, OnDemandConfig& config) {
    const auto document = TRY(parse_json_body(body, Bytes{0}));
    const JsonFields fields(document.object);
    auto most = TRY(fields.number("maximumInstanceCount"));
    TRY(fields.refuse_slips());
    config.most_instances = TRY(required("maximumInstanceCount", std::move(most)));
    return {};
}

std::string json_of(const OnDemandConfig& config) { return json::serialize(object_of(config)); }
std::string json_of(const Page<OnDemandConfig>& page) {
    return json_of_page("configs", page, [](const OnDemandConfig& config) { return object_of(config); });
}

Result<> read_async(std::string_view body, AsyncConfig& config) {
    const auto document = TRY(parse_json_body(body, Bytes{0}));
    const JsonFields fields(document.object);
    if (const auto destinations = TRY(fields.object("destinationConfig"))) {
        TRY(read_destination(*destinations, "onSuccess", config.on_success));
        TRY(read_destination(*destinations, "onFailure", config.on_failure));
        TRY(destinations->refuse_slips());
    }
    config.most_age_s = TRY(fields.number("maxAsyncEventAgeInSeconds"))
    .value_or(config.most_age_s);
    config.most_retries = TRY(fields.number("maxAsyncRetryAttempts"))
    .value_or(config.most_retries);
    config.stateful = TRY(fields.boolean("statefulInvocation"))
    .value_or(config.stateful);
    return fields.refuse_slips();
}

std::string json_of(const AsyncConfig& config) { return json::serialize(object_of(config)); }
std::string json_of(const Page<AsyncConfig>& page) {
    json::array configs;
    for (const AsyncConfig& config : page.items) configs.push_back(object_of(config));
    return json::serialize(json::object{{"configs", std::move(configs)}, {"nextToken", json_text(page.next_token)}});
}
std::string functions_json_of(const Page<AsyncConfig>& page) {
    json::array functions;
    for (const AsyncConfig& config : page.items)
        functions.push_back(json::object{{"serviceName", json_text(config.of.service)},
                                         {"functionName", json_text(config.of.function)},
                                         {"qualifier", json_text(qualifier_of(config.of))}});
    return json::serialize(
        json::object{{"functions", std::move(functions)}, {"nextToken", json_text(page.next_token)}});
}

}  // namespace hotcell::api
