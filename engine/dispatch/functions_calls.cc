// A call in its environment: the initializer before the first one, the handler, the answer; and calls that nobody waits for any more.
#include <algorithm>
#include <chrono>

#include "engine/base/clock.h"
#include "engine/dispatch/functions_state.h"

namespace hotcell::dispatch {

using environment::Answer;

void Functions::assign(const WorkerRef& worker, Flight flight) {
    worker->state = Worker::State::Busy;
    ++worker->running;
    flight.cold = worker->calls++ == 0 && worker->loaded_ns > flight.call.accepted_ns;  // not one that stood ready
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
        if (cancelled) return refuse(*flight, cancelled_error(std::move(report.payload)));
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
        return refuse(flight, cancelled_error());
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
        .http = request.http ? &*request.http : nullptr,
        .stream = request.stream,
        .known =
            request.stream
                ? [worker, flight] { return located(*worker, *flight, known_report(flight->call, *worker->function)); }
                : std::function<InvokeReport()>()};
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
    if (cancelled) return refuse(flight, cancelled_error(std::move(report.payload)));
    finish(flight, std::move(report));
}

void Functions::call_has_left(const WorkerRef& worker) {
    if (--worker->running == 0) return free_worker(worker);
    fill(worker);
    if (worker->retired) serve_waiting(*worker->pool);
}

InvokeReport Functions::report_of(const Worker& worker, Flight& flight, Answer answer, bool initializer) {
    return located(worker, flight, make_report(flight.call, *worker.function, std::move(answer), initializer));
}

/// With where it runs.
InvokeReport Functions::located(const Worker& worker, const Flight& flight, InvokeReport report) {
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

}  // namespace hotcell::dispatch
