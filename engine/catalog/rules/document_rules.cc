// The rules of triggers, configurations and layers.
#include <set>

#include "engine/catalog/rules/destination.h"
#include "engine/catalog/rules/values.h"

namespace hotcell::catalog {

namespace {

Result<> check_reference(const FunctionReference& of) {
    TRY(check_service_name(of.service));
    TRY(check_function_name(of.function));
    return check_text(kQualifier, of.qualifier);
}

/// "2020-10-10T10:10:10Z", or nothing.
Result<> check_moment(std::string_view field, std::string_view text) {
    constexpr std::string_view kForm = "0000-00-00T00:00:00Z";
    bool good = text.empty() || text.size() == kForm.size();
    for (std::size_t i = 0; good && i < text.size(); ++i)
        good = kForm[i] == '0' ? is_digit(text[i]) : text[i] == kForm[i];
    if (good) return {};
    return refuse(ErrorKind::InvalidArgument, "InvalidArgument",
                  "The " + std::string(field) +
                      " is not in UTC time format (example: '2020-10-10T10:10:10Z', actual: '" +
                      std::string(text.substr(0, 64)) + "')");
}

template <class Action>
Result<> check_window(const Action& action) {
    TRY(check_moment("StartTime", action.start_time));
    return check_moment("EndTime", action.end_time);
}

Result<> check_action(const ScheduledTarget& action) {
    TRY(check_name(kActionName, action.name));
    TRY(check_window(action));
    TRY(check_number(kTarget, action.target));
    const std::string& text = action.schedule;
    if (text.size() <= 256 && text.ends_with(')') && (text.starts_with("at(") || text.starts_with("cron("))) return {};
    return refuse(ErrorKind::InvalidArgument, "InvalidArgument",
                  "The ScheduleExpression should be atTime or cron expression (example: ['at(2020-10-10T10:10:10Z)', "
                  "'cron(0 */30 * * * *)'], actual: '" +
                      text.substr(0, 64) + "')");
}

Result<> check_policy(const TargetTracking& policy) {
    constexpr std::string_view kMetrics[] = {"ProvisionedConcurrencyUtilization"};
    TRY(check_name(kPolicyName, policy.name));
    TRY(check_window(policy));
    TRY(check_choice("TargetTrackingPolicies.metricType", kMetrics, policy.metric));
    if (!(policy.metric_target > 0 && policy.metric_target <= 1))
        return refuse_value("TargetTrackingPolicies.metricTarget", "0-1", std::to_string(policy.metric_target));
    TRY(check_number(kTarget, policy.least));
    TRY(check_number(kTarget, policy.most));
    if (policy.least > policy.most)
        return refuse_value("TargetTrackingPolicies.minCapacity", "at most maxCapacity", std::to_string(policy.least));
    return {};
}

template <class Actions>
Result<> check_unique(std::string_view list, const Actions& actions) {
    std::set<std::string_view> names;
    for (const auto& action : actions)
        if (!names.insert(action.name).second)
            return refuse(ErrorKind::InvalidArgument, "InvalidArgument",
                          "Duplicate action name '" + action.name + "' in " + std::string(list) + " is not allowed");
    return {};
}

}  // namespace

Result<> check(const Trigger& trigger) {
    TRY(check_service_name(trigger.service));
    TRY(check_function_name(trigger.function));
    TRY(check_name(kTriggerName, trigger.name));
    TRY(check_choice("triggerType", kTriggerTypes, trigger.type));
    TRY(check_description(trigger.description));
    TRY(check_text(kQualifier, trigger.qualifier));
    TRY(check_text(kSourceArn, trigger.source_arn));
    TRY(check_text(kInvocationRole, trigger.invocation_role));
    TRY(check_choice("triggerConfig.authType", kAuthTypes, trigger.http.auth_type));
    if (trigger.http.methods.empty()) return refuse_value("triggerConfig.methods", "at least one", "");
    for (const std::string& method : trigger.http.methods) TRY(check_choice("triggerConfig.methods", kMethods, method));
    return {};
}

Result<> check(const ProvisionConfig& config) {
    TRY(check_reference(config.of));
    TRY(check_number(kTarget, config.target));
    TRY(check_count(kScheduledActions, config.schedule.size()));
    for (const ScheduledTarget& action : config.schedule) TRY(check_action(action));
    TRY(check_unique(kScheduledActions.field, config.schedule));
    TRY(check_count(kPolicies, config.tracking.size()));
    for (const TargetTracking& policy : config.tracking) TRY(check_policy(policy));
    return check_unique(kPolicies.field, config.tracking);
}

Result<> check(const OnDemandConfig& config) { return check_reference(config.of); }

Result<> check(const AsyncConfig& config) {
    TRY(check_reference(config.of));
    for (const std::string* arn : {&config.on_success, &config.on_failure}) {
        TRY(check_text(kDestination, *arn));
        if (!arn->empty()) TRY(parse_destination(*arn));
    }
    TRY(check_number(kEventAge, config.most_age_s));
    return check_number(kRetries, config.most_retries);
}

Result<> check(const Layer& layer) {
    TRY(check_name(kLayerName, layer.name));
    TRY(check_description(layer.description));
    TRY(check_text(kLicense, layer.license));
    TRY(check_count(kCompatibleRuntimes, layer.compatible_runtimes.size()));
    for (const std::string& runtime : layer.compatible_runtimes)
        TRY(check_text({kCompatibleRuntimes.field, 1, 64}, runtime));
    return {};
}

}  // namespace hotcell::catalog
