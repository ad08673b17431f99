#include "engine/dispatch/provision/provisioner.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "engine/dispatch/provision/target.h"

namespace hotcell::dispatch {

namespace {

FunctionReference normal(FunctionReference of) {
    if (of.qualifier.empty()) of.qualifier = kLatest;
    return of;
}

}  // namespace

Provisioner::Provisioner(environment::Reactor& reactor, Functions& functions,
                         std::function<std::vector<ProvisionGoal>()> goals, std::function<std::int64_t()> now_s)
    : reactor_(reactor), functions_(functions), goals_(std::move(goals)), now_s_(std::move(now_s)), timer_(reactor) {}

void Provisioner::stop() {
    stopped_ = true;
    timer_.cancel();
}

/// The most that were busy in this minute and the last: more are kept at once, fewer only after a quiet minute.
std::uint32_t Provisioner::busy_of_late(const PoolKey& pool, std::int64_t now_s) {
    Peak& peak = peaks_[{pool.function_id, pool.version}];
    const std::int64_t minute = now_s / 60;
    if (minute != peak.minute) {
        peak.before = minute == peak.minute + 1 ? peak.now : 0;
        peak.now = 0;
        peak.minute = minute;
    }
    peak.now = std::max(peak.now, functions_.busy(pool));
    return std::max(peak.now, peak.before);
}

void Provisioner::look() {
    if (stopped_) return;
    const std::int64_t now = now_s_();
    std::map<std::pair<std::string, std::string>, Keep> wanted;
    std::map<FunctionReference, Kept> kept;
    for (ProvisionGoal& goal : goals_()) {
        Kept& one = kept[normal(goal.config.of)];
        one.error = goal.error;
        if (!goal.function) continue;
        one.pool = {goal.function->id, goal.version};
        one.target = target_at(goal.config, now, goal.config.tracking.empty() ? 0 : busy_of_late(one.pool, now));
        // several qualifiers may mean one version: each has its own
        Keep& keep = wanted[{goal.function->id, goal.version}];
        keep.service = std::move(goal.service);
        keep.function = std::move(goal.function);
        keep.version = std::move(goal.version);
        keep.count += one.target;
        keep.stays_awake |= goal.config.always_allocate_cpu && one.target > 0;
    }
    for (const auto& [of, before] : kept_)
        if (!wanted.contains({before.pool.function_id, before.pool.version})) functions_.keep_none(before.pool);
    for (const auto& [name, keep] : wanted) functions_.keep(keep);
    std::erase_if(peaks_, [&](const auto& peak) { return !wanted.contains(peak.first); });
    kept_ = std::move(kept);
    if (!kept_.empty()) timer_.start(std::chrono::seconds(1), [this] { look(); });
}

ProvisionState Provisioner::state_of(const FunctionReference& of) const {
    const auto known = kept_.find(normal(of));
    if (known == kept_.end()) return {};
    const Kept& kept = known->second;
    ProvisionState state{kept.target, 0, kept.error};
    if (kept.pool.function_id.empty()) return state;
    const KeptNow now = functions_.kept(kept.pool);
    state.current = std::min(now.ready, kept.target);
    if (state.current < kept.target) state.error = now.error;
    return state;
}

}  // namespace hotcell::dispatch
