#include "engine/dispatch/functions.h"

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

using environment::Answer;
using environment::Environment;
using environment::Manifest;

struct Functions::Worker {
    Pool* pool = nullptr;
    std::string version{};
    std::string id;
    std::shared_ptr<const Service> service;
    std::shared_ptr<const Function> function;
    SlotSource* source = nullptr;
    const Manifest* manifest = nullptr;
    StartKind kind = StartKind::Exec;
    std::shared_ptr<Environment> environment{};
    std::shared_ptr<telemetry::InstanceLog> lines{};
    struct Running {
        std::shared_ptr<const Flight> flight;
        std::uint64_t in_environment;  // Environment::call()'s number
    };
    std::vector<Running> calls_in{};
    enum class State : std::uint8_t { Starting, Busy, Idle, Freezing, Ended } state = State::Starting;
    bool initialized = false;
    bool initializing = false;
    bool retired = false;         // takes no calls any more
    std::uint32_t running = 0;    // calls
    std::uint32_t at_a_time = 1;  // calls it may run
    std::uint64_t calls = 0;
    std::int64_t created_ms = 0;
    std::uint64_t begun_ns = 0;
    std::uint64_t slot_ns = 0;
    std::uint64_t loaded_ns = 0;
    std::uint64_t idle_ns = 0;
    std::vector<Phase> slot_steps{};
    std::list<WorkerRef>::iterator place{};

    Bytes memory() const { return mebibytes(function->settings.memory_mib); }
    bool has_room() const {
        return state == State::Busy && !retired && !initializing && running < at_a_time && environment->is_alive() &&
               environment->is_healthy();
    }
};

struct Functions::Flight {
    FunctionCall call;
    PhaseClock phases;
    bool cold = false;
    std::string log{};  // of the initializer that ran for it
};

struct Functions::Pool {
    std::shared_ptr<const Function> function;
    std::shared_ptr<const Service> service;
    std::string version;
    std::vector<WorkerRef> idle;    // the warmest last
    std::vector<WorkerRef> shared;  // busy, with room for more calls
    std::deque<Flight> waiting;
    std::uint32_t at_a_time = 1;  // calls in one environment
    std::uint32_t starting = 0;
    std::uint32_t initializing = 0;
    std::uint32_t workers = 0;  // starting ones too
    bool hungry = false;        // waits for its turn to start more
    std::uint32_t kept = 0;     // environments that stand whether or not anybody calls
    bool stays_awake = false;
    std::string keep_error;
    std::uint32_t most = 0;  // that may be started on demand, beside those that are kept

    bool is_full() const { return workers >= kept + most; }
    /// Calls for which there will be room without another start.
    std::size_t coming() const { return std::size_t{starting + initializing} * at_a_time; }
};

namespace {

constexpr auto kLastStays = std::chrono::hours(24);
constexpr std::size_t kMostErrorShown = 1024;
constexpr std::uint64_t kStoppingShare =
    8;  // environments in their preStop hold at most this part of the budget beyond it

Error exhausted(std::string why) {
    return {ErrorKind::Exhausted, 0, std::move(why), "try again later", "ResourceExhausted"};
}

/// What its document says is what FC writes of it.
Error cancelled_error(const InvokeReport& report) {
    const std::string words = report.payload.empty() ? "Invocation canceled by client" : report.payload;
    return {ErrorKind::Broken, 0, words, {}, "ClientClosedRequest"};
}

bool same_revision(const Function& one, const Service& its, const Function& other, const Service& others) {
    return one.etag == other.etag && its.etag == others.etag;
}

std::int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

}  // namespace

Functions::Functions(FunctionsParts parts, const EngineOptions& options)
    : parts_(std::move(parts)),
      connections_(parts_.extra_connections),
      options_(options),
      most_starting_(std::max(4u, 2 * std::thread::hardware_concurrency())),
      sweep_timer_(parts_.reactor) {}

Functions::~Functions() = default;

Functions::Pool& Functions::pool_of(const FunctionCall& call) {
    const PoolName name{call.function->id, call.version};
    if (const auto found = pools_.find(name); found != pools_.end()) return *found->second;
    auto& pool = pools_[PoolKey{call.function->id, call.version}];
    pool = std::make_unique<Pool>();
    pool->version = call.version;
    pool->most = options_.most_instances_per_function;
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
    Pool& pool = pool_of(flight.call);
    if (!pool.function || !same_revision(*pool.function, *pool.service, *flight.call.function, *flight.call.service)) {
        end_workers_of(pool);
        pool.function = flight.call.function;
        pool.service = flight.call.service;
        pool.at_a_time = calls_at_a_time(pool);
    }
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
    worker->kind = worker->manifest->zygote                         ? StartKind::Zygote
                   : worker->source->ready(StartKind::Prepared) > 0 ? StartKind::Prepared
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
    worker->environment = make_environment(
        {parts_.reactor, parts_.warden, parts_.builder, connections_}, std::move(*given), worker->kind,
        *worker->manifest, {*worker->service, *worker->function, worker->pool->version, worker->id}, worker->lines);
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
    pool.keep_error = error.message();
    // the calls it was started for; the others have starts of their own
    for (std::uint32_t n = worker->at_a_time; n > 0 && !pool.waiting.empty(); --n) {
        Flight flight = std::move(pool.waiting.front());
        pool.waiting.pop_front();
        refuse(flight, error);
    }
    serve_waiting(pool);
}

void Functions::assign(const WorkerRef& worker, Flight flight) {
    worker->state = Worker::State::Busy;
    ++worker->running;
    flight.cold = worker->calls++ == 0;
    // a start that was made for another call's sake has taken none of this one's time
    if (flight.cold) {
        flight.phases.end_at("admission", worker->begun_ns);
        for (const Phase& step : worker->slot_steps) flight.phases.add_part("sandbox", step.name, step.duration);
        flight.phases.end_at("sandbox", worker->slot_ns);
        add_parts(flight.phases, worker->environment->start_parts());
        flight.phases.end_at("code", worker->environment->attached_ns());
        flight.phases.end_at("runtime", worker->loaded_ns);
    } else {
        flight.phases.end("admission");
    }
    auto shared = std::make_shared<Flight>(std::move(flight));
    if (worker->initialized || worker->function->settings.initializer.empty())
        return call_handler(worker, std::move(shared));
    initialize(worker, std::move(shared));
}

void Functions::initialize(const WorkerRef& worker, std::shared_ptr<Flight> flight) {
    const std::uint32_t timeout = worker->function->settings.initialization_timeout_s;
    const environment::CallInput input{.kind = HC_CALL_INITIALIZER,
                                       .request_id = flight->call.request.request_id,
                                       .qualifier = flight->call.request.qualifier,
                                       .deadline_ms = now_ms() + timeout * 1000ll,
                                       .retry_count = flight->call.request.retry_count,
                                       .event = {},
                                       .timeout = std::chrono::seconds(timeout)};
    worker->initializing = true;
    ++worker->pool->initializing;
    call_environment(worker, flight, input, [this, worker, flight](Answer answer) {
        flight->phases.end("init");
        worker->initializing = false;
        --worker->pool->initializing;
        if (answer.kind == Answer::Kind::Result) {
            worker->initialized = true;
            flight->log = std::move(answer.log);
            call_handler(worker, flight);
            return fill(worker);
        }
        // a custom runtime may say "not now": the next call tries again. Any other that could not be initialized serves nobody
        if (answer.kind != Answer::Kind::HandledError ||
            worker->manifest->function->speaks != environment::Speech::Http)
            worker->retired = true;
        say_end(*worker, *flight, answer, true);
        const bool cancelled = answer.kind == Answer::Kind::Cancelled;
        InvokeReport report = report_of(*worker, *flight, std::move(answer), true);
        call_has_left(worker);
        if (cancelled) return refuse(*flight, cancelled_error(report));
        finish(*flight, std::move(report));
    });
}

void Functions::call_environment(const WorkerRef& worker, const std::shared_ptr<Flight>& flight,
                                 const environment::CallInput& input, std::function<void(Answer)> done) {
    const std::uint64_t number =
        worker->environment->call(input, [worker, call = flight.get(), done = std::move(done)](Answer answer) {
            std::erase_if(worker->calls_in, [&](const Worker::Running& one) { return one.flight.get() == call; });
            done(std::move(answer));
        });
    worker->calls_in.push_back({flight, number});
}

template <class Fits>
void Functions::cancel_if(Fits fits) {
    for (auto& [name, pool] : pools_) {
        const auto found = std::ranges::find_if(pool->waiting, [&](const Flight& one) { return fits(one.call); });
        if (found == pool->waiting.end()) continue;
        Flight flight = std::move(*found);
        pool->waiting.erase(found);
        return refuse(flight, cancelled_error({}));
    }
    for (const WorkerRef& worker : workers_) {
        const auto found =
            std::ranges::find_if(worker->calls_in, [&](const Worker::Running& one) { return fits(one.flight->call); });
        if (found == worker->calls_in.end()) continue;
        const WorkerRef kept = worker;  // it leaves the list with its end
        return kept->environment->cancel(found->in_environment);
    }
}

void Functions::cancel(std::uint64_t call) {
    cancel_if([&](const FunctionCall& one) { return one.number == call; });
}

void Functions::cancel(const std::string& request_id) {
    cancel_if([&](const FunctionCall& one) { return one.request.request_id == request_id; });
}

/// Where the shim could not say how a call ended, the engine does.
void Functions::say_end(const Worker& worker, const Flight& flight, const Answer& answer, bool initializer) {
    if (answer.kind <= Answer::Kind::Error) return;
    const Function& function = *worker.function;
    worker.lines->say(
        std::string(initializer ? "FC Initialize" : "FC Invoke") + " End RequestId: " + flight.call.request.request_id +
        ", Error: " +
        message_of(answer, initializer ? function.settings.initialization_timeout_s : function.settings.timeout_s));
}

void Functions::call_handler(const WorkerRef& worker, std::shared_ptr<Flight> flight) {
    const std::uint32_t timeout = worker->function->settings.timeout_s;
    const InvokeRequest& request = flight->call.request;
    const environment::CallInput input{
        .kind = request.http ? std::uint32_t{HC_CALL_HTTP} : std::uint32_t{HC_CALL_HANDLER},
        .request_id = request.request_id,
        .qualifier = request.qualifier,
        .deadline_ms = now_ms() + timeout * 1000ll,
        .retry_count = request.retry_count,
        .event = request.event,
        .timeout = std::chrono::seconds(timeout),
        .http = request.http ? &*request.http : nullptr};
    call_environment(worker, flight, input,
                     [this, worker, flight](Answer answer) { answered(worker, *flight, std::move(answer)); });
}

void Functions::answered(const WorkerRef& worker, Flight& flight, Answer answer) {
    flight.phases.end("handler");
    answer.log.insert(0, flight.log);
    if (answer.environment_ended()) worker->retired = true;
    const bool cancelled = answer.kind == Answer::Kind::Cancelled;
    say_end(*worker, flight, answer, false);
    InvokeReport report = report_of(*worker, flight, std::move(answer), false);
    call_has_left(worker);  // free before its caller knows, who may call again from within
    if (cancelled) return refuse(flight, cancelled_error(report));
    finish(flight, std::move(report));
}

void Functions::call_has_left(const WorkerRef& worker) {
    if (--worker->running == 0) return free_worker(worker);
    fill(worker);
    if (worker->retired) serve_waiting(*worker->pool);
}

InvokeReport Functions::report_of(const Worker& worker, Flight& flight, Answer answer, bool initializer) {
    InvokeReport report = make_report(flight.call, *worker.function, std::move(answer), initializer);
    report.instance_id = worker.id;
    report.cold = flight.cold;
    report.start = flight.cold ? name_of(worker.kind) : "warm";
    return report;
}

void Functions::finish(Flight& flight, InvokeReport report) {
    flight.phases.end("respond");
    report.total = flight.phases.total();
    report.phases = flight.phases.take();
    flight.call.done(std::move(report));
    call_is_over();
}

void Functions::call_is_over() {
    if (--calls_ == 0) parts_.idle();
}

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

void Functions::keep(const Keep& keep) {
    if (parts_.admission.is_closed()) return;
    FunctionCall name;
    name.function = keep.function;
    name.version = keep.version;
    Pool& pool = pool_of(name);
    if (!pool.function || !same_revision(*pool.function, *pool.service, *keep.function, *keep.service)) {
        end_workers_of(pool);
        pool.function = keep.function;
        pool.service = keep.service;
    }
    const bool fewer = keep.count < pool.kept || (pool.stays_awake && !keep.stays_awake);
    pool.kept = keep.count;
    pool.stays_awake = keep.stays_awake;
    if (fewer) schedule_sweep(monotonic_ns());
    pool.keep_error.clear();
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
        worker->initialized = answer.kind == Answer::Kind::Result;
        if (worker->initialized) return free_worker(worker);
        worker->pool->keep_error = "the initializer failed: " + answer.payload.substr(0, kMostErrorShown);
        Pool& pool = *worker->pool;
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
