#include "engine/dispatch/functions_state.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/dispatch/hooks.h"
#include "engine/dispatch/invoke_report.h"
#include "engine/dispatch/new_environment.h"
#include "engine/environment/runtime/documents.h"
#include "engine/linux/files/files.h"

namespace hotcell::dispatch {

namespace {

Error exhausted(std::string why) {
    return {ErrorKind::Exhausted, 0, std::move(why), "try again later", "ResourceExhausted"};
}

}  // namespace

Functions::Functions(FunctionsParts parts, const EngineOptions& options)
    : parts_(std::move(parts)),
      connections_(parts_.extra_connections),
      options_(options),
      most_starting_(std::max(4u, 2 * std::thread::hardware_concurrency())),
      sweep_timer_(parts_.reactor) {}

Functions::~Functions() = default;

/// What stands of an earlier revision of the function or its service ends.
Functions::Pool& Functions::pool_of(const std::shared_ptr<const Function>& function,
                                    const std::shared_ptr<const Service>& service, const std::string& version) {
    const auto found = pools_.find(PoolName{function->id, version});
    std::unique_ptr<Pool>& pool = found != pools_.end() ? found->second : pools_[PoolKey{function->id, version}];
    if (!pool) {
        pool = std::make_unique<Pool>();
        pool->version = version;
        pool->most = options_.most_instances_per_function;
    }
    if (pool->function && same_revision(*pool->function, *pool->service, *function, *service)) return *pool;
    end_workers_of(*pool);
    pool->function = function;
    pool->service = service;
    pool->at_a_time = calls_at_a_time(*pool);
    pool->keep_failures = 0;
    pool->keep_again_ns = 0;
    return *pool;
}

const Manifest* Functions::manifest_of(const std::string& runtime, SlotSource*& source) const {
    for (std::size_t i = 0; i < parts_.manifests.size(); ++i) {
        const Manifest& one = parts_.manifests[i];
        if (!one.function || std::ranges::find(one.names, runtime) == one.names.end()) continue;
        source = parts_.sources[i].get();
        return &one;
    }
    return nullptr;
}

void Functions::invoke(FunctionCall call) {
    const std::uint64_t accepted_ns = call.accepted_ns;
    Flight flight{std::move(call), PhaseClock(accepted_ns)};
    flight.phases.end("queue");
    if (parts_.admission.is_closed())
        return flight.call.done(fail(ErrorKind::Exhausted, "the engine is draining: no new calls"));
    Pool& pool = pool_of(flight.call.function, flight.call.service, flight.call.version);
    pool.most = std::min(flight.call.most_instances.value_or(UINT32_MAX), options_.most_instances_per_function);
    ++calls_;
    if (flight.call.most_instances == 0u)
        return refuse(flight, exhausted("maximumInstanceCount of function '" + pool.function->name +
                                        "' is 0: no call is let in"));
    if (const WorkerRef worker = take_worker(pool)) {
        assign(worker, std::move(flight));
        return fill(worker);
    }
    if (pool.is_full() && pool.coming() <= pool.waiting.size())
        return refuse(flight,
                      exhausted("instances of function '" + pool.function->name + "': " + std::to_string(pool.workers) +
                                " are busy, at most " + std::to_string(pool.kept + pool.most) + " may be" +
                                (flight.call.most_instances ? " (maximumInstanceCount)" : "")));
    pool.waiting.push_back(std::move(flight));
    serve_waiting(pool);
}

std::uint32_t Functions::calls_at_a_time(const Pool& pool) const {
    SlotSource* source = nullptr;
    const Manifest* manifest = manifest_of(pool.function->settings.runtime, source);
    if (manifest == nullptr || manifest->function->speaks == environment::Speech::Frames) return 1;
    return std::max(1u, pool.function->settings.concurrency);
}

/// One that is busy and has room goes before one that is idle: an environment is full before another one is used.
Functions::WorkerRef Functions::take_worker(Pool& pool) {
    while (!pool.shared.empty()) {
        if (pool.shared.back()->has_room()) return pool.shared.back();
        pool.shared.pop_back();
    }
    const auto found = std::find_if(pool.idle.rbegin(), pool.idle.rend(),
                                    [](const WorkerRef& one) { return one->environment->is_healthy(); });
    if (found == pool.idle.rend()) return nullptr;
    WorkerRef worker = *found;
    pool.idle.erase(std::next(found).base());
    return worker;
}

/// Gives waiting calls to an environment that has room, and notes that it has, or has no more.
void Functions::fill(const WorkerRef& worker) {
    Pool& pool = *worker->pool;
    while (worker->has_room() && !pool.waiting.empty()) {
        Flight flight = std::move(pool.waiting.front());
        pool.waiting.pop_front();
        assign(worker, std::move(flight));
    }
    std::erase(pool.shared, worker);
    if (worker->has_room()) pool.shared.push_back(worker);
}

void Functions::start_is_over(Pool& pool) {
    --pool.starting;
    --starting_;
    parts_.starting(-1);
    // not from within the start's own end
    if (!hungry_.empty()) parts_.reactor.post([this] { feed_hungry(); });
}

void Functions::feed_hungry() {
    for (std::size_t n = hungry_.size(); n > 0 && starting_ < most_starting_; --n) {
        Pool& pool = *hungry_.front();
        hungry_.pop_front();
        pool.hungry = false;
        serve_waiting(pool);
        top_up(pool);
    }
}

void Functions::refuse(Flight& flight, Error error) {
    flight.call.done(std::unexpected(std::move(error)));
    call_is_over();
}

Result<> Functions::start_for_waiting(Pool& pool) {
    while (pool.coming() < pool.waiting.size() && !pool.is_full()) {
        if (starting_ >= most_starting_) {  // the machine is busy with starts; this one's turn comes
            if (!std::exchange(pool.hungry, true)) hungry_.push_back(&pool);
            return {};
        }
        if (workers_.size() >= options_.most_instances && !make_room({}))
            return std::unexpected(exhausted("instances: " + std::to_string(workers_.size()) + " are busy, at most " +
                                             std::to_string(options_.most_instances) + " may be"));
        const Bytes memory = mebibytes(pool.function->settings.memory_mib);
        if (!parts_.admission.reserve(memory) && !(make_room(memory) && parts_.admission.reserve(memory)))
            return std::unexpected(exhausted("memorySize: " + std::to_string(pool.function->settings.memory_mib) +
                                             " MB are not free in the memory budget of all environments"));
        start(pool);
    }
    return {};
}

/// As many starts as calls wait for. Where no more can be started, a call may wait for another's end: one call for each that
/// the environments of its function may run, the newest others are refused.
void Functions::serve_waiting(Pool& pool) {
    const auto started = start_for_waiting(pool);
    if (started) return;
    while (pool.waiting.size() > std::size_t{pool.workers} * pool.at_a_time) {
        Flight refused = std::move(pool.waiting.back());
        pool.waiting.pop_back();
        refuse(refused, started.error());
    }
}

bool Functions::make_room(Bytes memory) {
    bool any = false;
    for (;;) {
        if (any && parts_.admission.reserve(memory)) {
            parts_.admission.give_back(memory);
            return true;
        }
        WorkerRef oldest;
        for (const WorkerRef& worker : workers_)
            if (worker->state == Worker::State::Idle && worker->pool->workers > worker->pool->kept &&
                (!oldest || worker->idle_ns < oldest->idle_ns))
                oldest = worker;
        if (!oldest) return false;
        drop_idle(oldest);
        any = true;
    }
}

void Functions::start(Pool& pool) {
    auto worker = std::make_shared<Worker>();
    worker->pool = &pool;
    worker->function = pool.function;
    worker->service = pool.service;
    worker->version = pool.version;
    worker->manifest = manifest_of(pool.function->settings.runtime, worker->source);
    worker->id = "c-" + linux::random_uuid();
    worker->created_ms = now_ms();
    worker->begun_ns = monotonic_ns();
    worker->at_a_time = pool.at_a_time;
    workers_.push_back(worker);
    worker->place = std::prev(workers_.end());
    ++pool.workers;
    ++pool.starting;
    ++starting_;
    parts_.starting(1);
    if (worker->manifest == nullptr)
        return parts_.reactor.post([this, worker] {
            start_failed(worker,
                         Error{ErrorKind::NotFound,
                               0,
                               "runtime: '" + worker->function->settings.runtime + "' is not served by this engine",
                               {}});
        });
    hold_code(*worker);
    const auto refuse = [this, worker](Error error) {
        release_code(*worker);
        start_failed(worker, std::move(error).in("function '" + worker->function->name + "'"));
    };
    parts_.check.when_sound(worker->function->code.name, [this, worker, refuse](Result<> sound) {
        if (!sound) return refuse(std::move(sound).error());
        if (worker->function->code.layers.empty()) return get_slot(worker);
        parts_.check.when_sound(worker->function->code.layers, [this, worker, refuse](Result<> layers_sound) {
            if (!layers_sound) return refuse(std::move(layers_sound).error());
            get_slot(worker);
        });
    });
}

/// What a worker runs stays in the store until it has ended, whatever becomes of the function.
void Functions::hold_code(const Worker& worker) {
    (void)parts_.store.hold(worker.function->code.name);
    if (!worker.function->code.layers.empty()) (void)parts_.store.hold(worker.function->code.layers);
}

void Functions::release_code(const Worker& worker) {
    parts_.store.release(worker.function->code.name);
    if (!worker.function->code.layers.empty()) parts_.store.release(worker.function->code.layers);
}

void Functions::get_slot(const WorkerRef& worker) {
    worker->kind = worker->source->ready(StartKind::Prepared) > 0 ? StartKind::Prepared
                   : worker->manifest->zygote                     ? StartKind::Zygote
                                                                  : StartKind::Exec;
    RunLimits limits;
    limits.memory = worker->memory();
    limits.tmp = options_.tmp_size;
    worker->source->get({worker->kind, SlotKind::Any, limits},
                        [this, worker](Result<GivenSlot> given) { slot_given(worker, std::move(given)); });
}

void Functions::slot_given(const WorkerRef& worker, Result<GivenSlot> given) {
    if (!given) {
        release_code(*worker);
        return start_failed(worker, std::move(given).error());
    }
    worker->slot_ns = monotonic_ns();
    if (given->kind == SlotKind::Fresh) worker->slot_steps = given->slot->steps();
    worker->lines = std::make_shared<telemetry::InstanceLog>(
        parts_.logs,
        telemetry::LogSource{worker->service->name, worker->function->name, worker->pool->version, worker->id},
        kMostLog);
    worker->environment =
        make_environment({parts_.reactor, parts_.warden, parts_.builder, connections_, options_.server_start_timeout},
                         std::move(*given), worker->kind, *worker->manifest,
                         {*worker->service, *worker->function, worker->pool->version, worker->id}, worker->lines);
    worker->environment->start([this, worker](Result<> result) { started(worker, std::move(result)); });
}

void Functions::started(const WorkerRef& worker, Result<> result) {
    if (!result) return start_failed(worker, std::move(result).error());
    worker->loaded_ns = monotonic_ns();
    start_is_over(*worker->pool);
    worker->environment->on_death([this, worker] {
        if (worker->state == Worker::State::Idle) drop_idle(worker);
    });
    free_worker(worker);
}

void Functions::start_failed(const WorkerRef& worker, Error error) {
    if (worker->state != Worker::State::Starting) return;
    Pool& pool = *worker->pool;
    start_is_over(pool);
    end_worker(worker);
    pool.keep_failed(error.message(), monotonic_ns());
    // the calls it was started for; the others have starts of their own
    for (std::uint32_t n = worker->at_a_time; n > 0 && !pool.waiting.empty(); --n) {
        Flight flight = std::move(pool.waiting.front());
        pool.waiting.pop_front();
        refuse(flight, error);
    }
    serve_waiting(pool);
}

}  // namespace hotcell::dispatch
