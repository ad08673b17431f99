#include "engine/embed/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <functional>
#include <map>
#include <mutex>
#include <tuple>

namespace hotcell::embed {

namespace {

// seconds: a warm call's parts are microseconds, a cold start's milliseconds, a handler's up to minutes
const prometheus::Histogram::BucketBoundaries kBuckets = {0.00001, 0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01,
                                                          0.03,    0.1,     0.3,    1,      3,     10,    60};

}  // namespace

struct Metrics::State {
    prometheus::Registry registry;
    prometheus::Family<prometheus::Counter>& invocations = prometheus::BuildCounter()
                                                               .Name("hotcell_invocations_total")
                                                               .Help("Calls that reached a function, by how they ended")
                                                               .Register(registry);
    prometheus::Family<prometheus::Counter>& refused = prometheus::BuildCounter()
                                                           .Name("hotcell_refused_total")
                                                           .Help("Calls that no function has seen, by reason")
                                                           .Register(registry);
    prometheus::Family<prometheus::Counter>& cold = prometheus::BuildCounter()
                                                        .Name("hotcell_cold_starts_total")
                                                        .Help("Calls for which an environment was started")
                                                        .Register(registry);
    prometheus::Family<prometheus::Counter>& ends =
        prometheus::BuildCounter()
            .Name("hotcell_environment_ends_total")
            .Help("Environments that ended with a call: FunctionOOMError, FunctionTimeoutError, FunctionUnhandledError")
            .Register(registry);
    prometheus::Family<prometheus::Histogram>& phases = prometheus::BuildHistogram()
                                                            .Name("hotcell_phase_seconds")
                                                            .Help("Time of each phase of a call, by kind of start")
                                                            .Register(registry);
    std::mutex mutex;
    // what a registry finds by maps of labels: by start and phase; by service, function and outcome
    std::map<std::tuple<std::string, std::string>, prometheus::Histogram*, std::less<>> histograms;
    std::map<std::tuple<std::string, std::string, InvokeOutcome>, prometheus::Counter*, std::less<>> counters;

    prometheus::Histogram& histogram(const std::string& start, const std::string& phase) {
        const auto found = histograms.find(std::tie(start, phase));
        if (found != histograms.end()) return *found->second;
        return *histograms.emplace(std::tie(start, phase), &phases.Add({{"start", start}, {"phase", phase}}, kBuckets))
                    .first->second;
    }
    prometheus::Counter& counter(const std::string& service, const std::string& function, InvokeOutcome outcome) {
        const auto found = counters.find(std::tie(service, function, outcome));
        if (found != counters.end()) return *found->second;
        const std::string word = outcome == InvokeOutcome::Succeeded ? "Succeeded" : std::string(name_of(outcome));
        auto& made = invocations.Add({{"service", service}, {"function", function}, {"outcome", word}});
        return *counters.emplace(std::tie(service, function, outcome), &made).first->second;
    }
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

void Metrics::count(const std::string& service, const std::string& function, const InvokeReport& report) {
    const std::scoped_lock lock(state_->mutex);
    state_->counter(service, function, report.outcome).Increment();
    if (report.cold)
        state_->cold.Add({{"service", service}, {"function", function}, {"start", report.start}}).Increment();
    if (report.end != EnvironmentEnd::None)
        state_->ends.Add({{"service", service}, {"function", function}, {"error", std::string(name_of(report.end))}})
            .Increment();
    for (const Phase& phase : report.phases)
        if (phase.name.find('.') == std::string::npos)
            state_->histogram(report.start, phase.name).Observe(static_cast<double>(phase.duration.count()) / 1e9);
}

void Metrics::count_refused(const Error& error) {
    state_->refused.Add({{"reason", error.code.empty() ? std::string(name_of(error.kind)) : error.code}}).Increment();
}

std::string Metrics::text() const { return prometheus::TextSerializer().Serialize(state_->registry.Collect()); }

}  // namespace hotcell::embed
