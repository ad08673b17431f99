#include "engine/dispatch/provision/target.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "engine/schedule/schedule_expression.h"

namespace hotcell::dispatch {

namespace {

constexpr std::uint32_t kMostTarget = 10'000;

struct Window {
    std::int64_t start;
    std::int64_t end;
    bool contains(std::int64_t at) const { return at >= start && at <= end; }
};

/// Nothing when a bound is out of form; an empty one does not limit.
std::optional<Window> window_of(const std::string& start, const std::string& end) {
    const auto from = start.empty() ? std::optional<std::int64_t>(0) : schedule::parse_utc(start);
    const auto to = end.empty() ? std::optional<std::int64_t>(INT64_MAX) : schedule::parse_utc(end);
    if (!from || !to) return std::nullopt;
    return Window{*from, *to};
}

/// What the scheduled actions say: the one that was due last.
std::optional<std::uint32_t> scheduled(const ProvisionConfig& config, std::int64_t now) {
    std::optional<std::uint32_t> target;
    std::int64_t latest = INT64_MIN;
    for (const ScheduledTarget& action : config.schedule) {
        const auto window = window_of(action.start_time, action.end_time);
        const auto expression = schedule::ScheduleExpression::parse(action.schedule);
        if (!window || !window->contains(now) || !expression) continue;
        const auto due = expression->last_at_or_before(now);
        if (!due || !window->contains(*due) || *due < latest) continue;
        target = *due == latest && target ? std::max(*target, action.target) : action.target;
        latest = *due;
    }
    return target;
}

std::uint32_t tracked(const TargetTracking& policy, std::uint32_t busy) {
    const double wanted = policy.metric_target > 0 ? std::ceil(busy / policy.metric_target) : 0;
    const double most = std::max(policy.least, policy.most);
    return static_cast<std::uint32_t>(std::clamp(wanted, static_cast<double>(policy.least), most));
}

}  // namespace

std::uint32_t target_at(const ProvisionConfig& config, std::int64_t unix_s, std::uint32_t busy) {
    std::optional<std::uint32_t> target = scheduled(config, unix_s);
    for (const TargetTracking& policy : config.tracking) {
        const auto window = window_of(policy.start_time, policy.end_time);
        if (window && window->contains(unix_s)) target = std::max(target.value_or(0), tracked(policy, busy));
    }
    return std::min(target.value_or(config.target), kMostTarget);
}

}  // namespace hotcell::dispatch
