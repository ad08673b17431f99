#include "engine/embed/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <mutex>

namespace hotcell::embed {

namespace {

// seconds: a warm call's parts are microseconds, a cold start's milliseconds, a handler's up to minutes
const prometheus::Histogram::BucketBoundaries kBuckets = {0.00001, 0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01,
                                                          0.03,    0.1,     0.3,    1,      3,     10,    60};

std::string outcome_of(const InvokeReport& report) {
    return report.outcome == InvokeOutcome::Succeeded ? "Succeeded" : std::string(name_of(report.outcome));
}

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
    std::map<std::pair<std::string, std::string>, prometheus::Histogram*> histograms;  // by start and phase

    prometheus::Histogram& histogram(const std::string& start, const std::string& phase) {
        const std::scoped_lock lock(mutex);
        auto& known = histograms[{start, phase}];
        if (known == nullptr) known = &phases.Add({{"start", start}, {"phase", phase}}, kBuckets);
        return *known;
    }
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

void Metrics::count(const std::string& service, const std::string& function, const InvokeReport& report) {
    const prometheus::Labels of = {{"service", service}, {"function", function}};
    prometheus::Labels labels = of;
    labels["outcome"] = outcome_of(report);
    state_->invocations.Add(labels).Increment();
    if (report.cold) {
        labels = of;
        labels["start"] = report.start;
        state_->cold.Add(labels).Increment();
    }
    if (report.end != EnvironmentEnd::None) {
        labels = of;
        labels["error"] = std::string(name_of(report.end));
        state_->ends.Add(labels).Increment();
    }
    for (const Phase& phase : report.phases)
        if (phase.name.find('.') == std::string::npos)
            state_->histogram(report.start, phase.name).Observe(static_cast<double>(phase.duration.count()) / 1e9);
}

void Metrics::count_refused(const Error& error) {
    state_->refused.Add({{"reason", error.code.empty() ? std::string(name_of(error.kind)) : error.code}}).Increment();
}

std::string Metrics::text() const { return prometheus::TextSerializer().Serialize(state_->registry.Collect()); }

}  // namespace hotcell::embed
