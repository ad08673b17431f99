// What the engine counts of calls, as a scraper reads it (Prometheus text format 0.0.4).
//
// prometheus-cpp stays in metrics.cc. Threads: any; a call costs a few locks that nobody else holds for long.
#pragma once

#include <memory>
#include <string>

#include "hotcell/error.h"
#include "hotcell/invocation.h"

namespace hotcell::embed {

class Metrics {
public:
    Metrics();
    ~Metrics();
    Metrics(const Metrics&) = delete;

    void count(const std::string& service, const std::string& function, const InvokeReport& report);
    /// A call that no function has seen.
    void count_refused(const Error& error);
    std::string text() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace hotcell::embed
