#include "engine/embed/async_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace hotcell::embed {

using dispatch::async::Happening;

namespace {

// seconds that an event was late: milliseconds in a quiet engine, hours behind a backlog
const prometheus::Histogram::BucketBoundaries kBuckets = {0.001, 0.003, 0.01, 0.03, 0.1,  0.3,  1,
                                                          3,     10,    30,   100,  1000, 10000};

}  // namespace

struct AsyncMetrics::State {
    using Counters = prometheus::Family<prometheus::Counter>;
    Counters& counters(const char* name, const char* help) {
        return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
    }
    prometheus::Gauge& gauge(const char* name, const char* help) {
        return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
    }

    prometheus::Registry registry;
    Counters& enqueued = counters("hotcell_async_enqueued_total", "Asynchronous calls that were accepted");
    Counters& refused = counters("hotcell_async_refused_total", "Asynchronous calls that were not accepted");
    Counters& dequeued = counters("hotcell_async_dequeued_total", "Attempts that were begun");
    Counters& retried = counters("hotcell_async_retries_total", "Attempts after which another follows");
    Counters& duplicates = counters("hotcell_async_duplicates_total",
                                    "Attempts made again because the engine had ended during the one before");
    Counters& ended = counters("hotcell_async_ended_total", "Asynchronous calls by how they ended");
    Counters& expired =
        counters("hotcell_async_expired_total", "Asynchronous calls that became too old before they succeeded");
    Counters& destinations =
        counters("hotcell_async_destinations_total", "Ends that were told to a destination, or could not be");
    prometheus::Family<prometheus::Histogram>& latency = prometheus::BuildHistogram()
                                                             .Name("hotcell_async_latency_seconds")
                                                             .Help("From when an attempt was due to when it was begun")
                                                             .Register(registry);
    prometheus::Gauge& backlog = gauge("hotcell_async_backlog", "Asynchronous calls that wait");
    prometheus::Gauge& backlog_bytes = gauge("hotcell_async_backlog_bytes", "Bytes of the events that wait");
    prometheus::Gauge& in_process = gauge("hotcell_async_in_process", "Attempts under way");
    prometheus::Gauge& records = gauge("hotcell_async_records", "Stateful calls that have ended and are remembered");
};

AsyncMetrics::AsyncMetrics() : state_(std::make_unique<State>()) {}
AsyncMetrics::~AsyncMetrics() = default;

void AsyncMetrics::count(const std::string& service, const std::string& function, Happening happening, double seconds) {
    const prometheus::Labels of = {{"service", service}, {"function", function}};
    const auto with = [&](const char* name, const char* value) {
        prometheus::Labels labels = of;
        labels[name] = value;
        return labels;
    };
    switch (happening) {
        case Happening::Enqueued: return state_->enqueued.Add(of).Increment();
        case Happening::Refused: return state_->refused.Add(of).Increment();
        case Happening::Dequeued:
            state_->latency.Add(of, kBuckets).Observe(seconds);
            return state_->dequeued.Add(of).Increment();
        case Happening::Duplicate: return state_->duplicates.Add(of).Increment();
        case Happening::Retried: return state_->retried.Add(of).Increment();
        case Happening::Succeeded: return state_->ended.Add(with("status", "Succeeded")).Increment();
        case Happening::Failed: return state_->ended.Add(with("status", "Failed")).Increment();
        case Happening::Stopped: return state_->ended.Add(with("status", "Stopped")).Increment();
        case Happening::Expired:
            state_->expired.Add(of).Increment();
            return state_->ended.Add(with("status", "Expired")).Increment();
        case Happening::DestinationSucceeded: return state_->destinations.Add(with("result", "Succeeded")).Increment();
        case Happening::DestinationFailed: return state_->destinations.Add(with("result", "Failed")).Increment();
    }
}

std::string AsyncMetrics::text(const dispatch::async::QueueState& queue) const {
    state_->backlog.Set(static_cast<double>(queue.waiting));
    state_->backlog_bytes.Set(static_cast<double>(queue.bytes));
    state_->in_process.Set(static_cast<double>(queue.running));
    state_->records.Set(static_cast<double>(queue.records));
    return prometheus::TextSerializer().Serialize(state_->registry.Collect());
}

}  // namespace hotcell::embed
