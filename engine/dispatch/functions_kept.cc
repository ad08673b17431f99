// Environments that stand whether or not anybody calls: started ahead, initialized ahead, started again.
#include <algorithm>
#include <chrono>

#include "engine/base/clock.h"
#include "engine/dispatch/functions_state.h"
#include "engine/linux/files/files.h"

namespace hotcell::dispatch {

using environment::Answer;

namespace {

constexpr std::size_t kMostErrorShown = 1024;

}  // namespace

void Functions::keep(const Keep& keep) {
    if (parts_.admission.is_closed()) return;
    Pool& pool = pool_of(keep.function, keep.service, keep.version);
    const bool fewer = keep.count < pool.kept || (pool.stays_awake && !keep.stays_awake);
    pool.kept = keep.count;
    pool.stays_awake = keep.stays_awake;
    if (fewer) schedule_sweep(monotonic_ns());
    if (pool.keep_failures == 0) pool.keep_error.clear();
    top_up(pool);
}

void Functions::keep_none(const PoolKey& key) {
    const auto pool = pools_.find(PoolName(key));
    if (pool == pools_.end() || pool->second->kept == 0) return;
    pool->second->kept = 0;
    pool->second->stays_awake = false;
    schedule_sweep(monotonic_ns());
}

/// Starts what is missing of those that are kept, as far as there is room; the next keep() goes on.
void Functions::top_up(Pool& pool) {
    if (monotonic_ns() < pool.keep_again_ns) return;
    while (pool.workers < pool.kept && !parts_.admission.is_closed()) {
        if (starting_ >= most_starting_) {
            if (!std::exchange(pool.hungry, true)) hungry_.push_back(&pool);
            return;
        }
        const Bytes memory = mebibytes(pool.function->settings.memory_mib);
        if (workers_.size() >= options_.most_instances && !make_room({})) {
            pool.keep_error = "instances: at most " + std::to_string(options_.most_instances) + " may be";
            return;
        }
        if (!parts_.admission.reserve(memory) && !(make_room(memory) && parts_.admission.reserve(memory))) {
            pool.keep_error = "memorySize: " + std::to_string(pool.function->settings.memory_mib) +
                              " MB are not free in the memory budget of all environments";
            return;
        }
        start(pool);
    }
}

/// One that is kept is of use without delay: its initializer has run.
void Functions::initialize_ahead(const WorkerRef& worker) {
    worker->state = Worker::State::Busy;
    ++worker->pool->initializing_ahead;
    const std::uint32_t timeout = worker->function->settings.initialization_timeout_s;
    const std::string request_id = linux::random_uuid();
    const environment::CallInput input{.kind = HC_CALL_INITIALIZER,
                                       .request_id = request_id,
                                       .qualifier = worker->pool->version,
                                       .deadline_ms = now_ms() + timeout * 1000ll,
                                       .retry_count = 0,
                                       .event = {},
                                       .timeout = std::chrono::seconds(timeout)};
    worker->environment->call(input, [this, worker](const Answer& answer) {
        Pool& pool = *worker->pool;
        --pool.initializing_ahead;
        worker->initialized = answer.kind == Answer::Kind::Result;
        if (worker->initialized) return free_worker(worker);
        pool.keep_failed("the initializer failed: " + answer.payload.substr(0, kMostErrorShown), monotonic_ns());
        end_worker(worker);
        serve_waiting(pool);
    });
}

KeptNow Functions::kept(const PoolKey& key) const {
    const auto pool = pools_.find(PoolName(key));
    if (pool == pools_.end()) return {};
    KeptNow now{0, pool->second->keep_error};
    for (const WorkerRef& worker : workers_)
        if (worker->pool == pool->second.get() && worker->state != Worker::State::Starting &&
            (worker->initialized || worker->function->settings.initializer.empty()))
            ++now.ready;
    return now;
}

std::uint32_t Functions::busy(const PoolKey& key) const {
    const auto pool = pools_.find(PoolName(key));
    if (pool == pools_.end()) return 0;
    return static_cast<std::uint32_t>(std::ranges::count_if(workers_, [&](const WorkerRef& worker) {
        return worker->pool == pool->second.get() && worker->state == Worker::State::Busy;
    }));
}

}  // namespace hotcell::dispatch
