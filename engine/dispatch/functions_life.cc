// Environments between calls and at their end: idle, stopped, ended after a while, replaced by another version; what stands is told.
#include <algorithm>
#include <chrono>

#include "engine/base/clock.h"
#include "engine/dispatch/functions_state.h"
#include "engine/dispatch/hooks.h"

namespace hotcell::dispatch {

namespace {

constexpr auto kLastStays = std::chrono::hours(24);
constexpr std::uint64_t kStoppingShare =
    8;  // environments in their preStop hold at most this part of the budget beyond it

}  // namespace

void Functions::free_worker(const WorkerRef& worker) {
    Pool& pool = *worker->pool;
    std::erase(pool.shared, worker);
    if (worker->retired || !worker->environment->is_alive() ||
        !same_revision(*worker->function, *worker->service, *pool.function, *pool.service)) {
        end_worker(worker);
        serve_waiting(pool);
        return;
    }
    if (!pool.waiting.empty()) {
        Flight flight = std::move(pool.waiting.front());
        pool.waiting.pop_front();
        assign(worker, std::move(flight));
        return fill(worker);
    }
    if (pool.kept > 0 && !worker->initialized && !worker->function->settings.initializer.empty())
        return initialize_ahead(worker);
    pool.keep_failures = 0;
    worker->state = Worker::State::Idle;
    worker->idle_ns = monotonic_ns();
    pool.idle.push_back(worker);
    schedule_sweep(worker->idle_ns + static_cast<std::uint64_t>(Nanos(options_.freeze_after).count()));
}

void Functions::end_worker(const WorkerRef& worker) {
    if (std::exchange(worker->state, Worker::State::Ended) == Worker::State::Ended) return;
    --worker->pool->workers;
    parts_.admission.give_back(worker->memory());
    workers_.erase(worker->place);
    if (!worker->environment) return;
    release_code(*worker);
    const bool stops = calls_pre_stop(*worker);
    if (stops) {
        stopping_memory_.count += worker->memory().count;
        stopping_.push_back(worker);
        ++calls_;  // a drain waits for it
    }
    // not from within the environment's own call
    parts_.reactor.post([this, worker, stops] { stops ? stop_environment(worker) : discard(worker); });
}

/// An environment's place and memory are given back before its preStop, so that nobody waits for a hook. How much memory is held
/// beyond the budget by those that are stopping is bounded: above it they end without their hook.
bool Functions::calls_pre_stop(const Worker& worker) const {
    return !worker.function->settings.pre_stop.handler.empty() && worker.calls > 0 && worker.environment->is_alive() &&
           !abandoned_ &&
           stopping_memory_.count + worker.memory().count <= parts_.admission.budget().count / kStoppingShare;
}

void Functions::stop_environment(const WorkerRef& worker) {
    const auto over = [this, worker] {
        stopping_memory_.count -= worker->memory().count;
        std::erase(stopping_, worker);
        discard(worker);
        call_is_over();
    };
    if (abandoned_) return over();
    call_hook(*worker->environment, HC_CALL_PRE_STOP, worker->function->settings.pre_stop, worker->version,
              [this, over] { parts_.reactor.post(over); });
}

void Functions::discard(const WorkerRef& worker) {
    if (auto slot = worker->environment->end()) worker->source->discard(std::move(slot), worker->kind);
}

void Functions::end_idle() {
    const auto workers = workers_;
    for (const WorkerRef& worker : workers)
        if (worker->state == Worker::State::Idle) drop_idle(worker);
}

/// Stops it between calls, after its preFreeze. While that runs no call goes in: one that comes has another environment
/// started, and takes whichever is there first.
void Functions::freeze(const WorkerRef& worker) {
    const LifecycleHook& hook = worker->function->settings.pre_freeze;
    if (hook.handler.empty() || worker->calls == 0) return worker->environment->freeze();
    std::erase(worker->pool->idle, worker);
    worker->state = Worker::State::Freezing;
    call_hook(*worker->environment, HC_CALL_PRE_FREEZE, hook, worker->version, [this, worker] {
        if (worker->state != Worker::State::Freezing) return;
        const std::uint64_t idle_ns = worker->idle_ns;
        free_worker(worker);
        if (worker->state != Worker::State::Idle) return;
        worker->idle_ns = idle_ns;
        worker->environment->freeze();
    });
}

void Functions::drop_idle(const WorkerRef& worker) {
    std::erase(worker->pool->idle, worker);
    end_worker(worker);
}

void Functions::retire(std::string_view function_id, std::string_view version) {
    const auto found = pools_.find(PoolName{function_id, version});
    if (found == pools_.end()) return;
    const Pool& pool = *found->second;
    end_workers_of(pool);
    if (pool.workers == 0 && pool.waiting.empty() && !pool.hungry) pools_.erase(found);
}

void Functions::end_workers_of(const Pool& pool) {
    const auto workers = workers_;
    for (const WorkerRef& worker : workers) {
        if (worker->pool != &pool) continue;
        worker->retired = true;
        if (worker->state == Worker::State::Idle) drop_idle(worker);
    }
}

std::uint32_t Functions::evict(const std::string& service, const std::string& function) {
    std::uint32_t count = 0;
    const auto workers = workers_;
    for (const WorkerRef& worker : workers) {
        if (!service.empty() && worker->function->service != service) continue;
        if (!function.empty() && worker->function->name != function) continue;
        worker->retired = true;
        if (worker->state == Worker::State::Idle) drop_idle(worker);
        ++count;
    }
    return count;
}

/// One timer for all: stops what has been idle for a moment, ends what has been idle for too long.
void Functions::sweep() {
    sweep_at_ns_ = 0;
    const std::uint64_t now = monotonic_ns();
    const auto freeze_after = static_cast<std::uint64_t>(Nanos(options_.freeze_after).count());
    const auto keep_alive = static_cast<std::uint64_t>(Nanos(options_.keep_alive).count());
    std::uint64_t next = 0;
    const auto later = [&](std::uint64_t at) { next = next == 0 ? at : std::min(next, at); };
    const auto workers = workers_;
    for (const WorkerRef& worker : workers) {
        if (worker->state != Worker::State::Idle) continue;
        if (now >= worker->idle_ns + keep_alive && may_end(*worker, now)) {
            drop_idle(worker);
            continue;
        }
        // one that is not well is asked again and again, and so not stopped
        if (!worker->environment->is_frozen() && !worker->pool->stays_awake && worker->environment->is_healthy()) {
            if (now < worker->idle_ns + freeze_after) {
                later(worker->idle_ns + freeze_after);
                continue;
            }
            freeze(worker);
            if (worker->state != Worker::State::Idle) continue;
        }
        later(std::max(worker->idle_ns, now) + keep_alive);
    }
    if (next != 0) schedule_sweep(next);
}

void Functions::schedule_sweep(std::uint64_t at_ns) {
    if (sweep_at_ns_ != 0 && sweep_at_ns_ <= at_ns) return;
    sweep_at_ns_ = at_ns;
    const std::uint64_t now = monotonic_ns();
    sweep_timer_.start(Nanos(at_ns > now ? at_ns - now : 0), [this] { sweep(); });
}

Instance Functions::describe(const Worker& worker) {
    Instance instance;
    instance.id = worker.id;
    instance.service = worker.function->service;
    instance.function = worker.function->name;
    instance.version = worker.pool->version;
    switch (worker.state) {
        case Worker::State::Starting: instance.state = "starting"; break;
        case Worker::State::Busy:
        case Worker::State::Freezing: instance.state = "busy"; break;
        default: instance.state = worker.environment->is_frozen() ? "frozen" : "idle";
    }
    instance.start = name_of(worker.kind);
    instance.created_ms = worker.created_ms;
    instance.calls = worker.calls;
    if (worker.environment) instance.memory = worker.environment->peak_memory();
    return instance;
}

std::vector<Instance> Functions::instances(const std::string& service, const std::string& function) const {
    std::vector<Instance> all;
    for (const WorkerRef& worker : workers_) {
        if (!service.empty() && worker->function->service != service) continue;
        if (!function.empty() && worker->function->name != function) continue;
        all.push_back(describe(*worker));
    }
    return all;
}

/// After its keep-alive time: not one that is configured to stand, and for a day not the last one of a version that is meant by
/// an alias.
bool Functions::may_end(const Worker& worker, std::uint64_t now) const {
    const Pool& pool = *worker.pool;
    if (pool.workers <= pool.kept) return false;
    const bool of_late = now < worker.idle_ns + static_cast<std::uint64_t>(Nanos(kLastStays).count());
    return !(pool.workers == 1 && of_late && stays_ && stays_(worker.function->service, pool.version));
}

void Functions::abandon_all(const Error& error) {
    abandoned_ = true;
    for (auto& [id, pool] : pools_) {
        for (Flight& flight : std::exchange(pool->waiting, {})) { refuse(flight, error); }
    }
    const auto workers = workers_;
    for (const WorkerRef& worker : workers) {
        worker->retired = true;
        if (worker->state == Worker::State::Idle) drop_idle(worker);
        if (worker->state == Worker::State::Busy || worker->state == Worker::State::Freezing)
            worker->environment->abandon();
    }
    const auto stopping = stopping_;
    for (const WorkerRef& worker : stopping) worker->environment->abandon();
}

}  // namespace hotcell::dispatch
