// What the engine counts of asynchronous calls, in Prometheus text format 0.0.4. Function Compute's names of the same are in docs/operations.md.
//
// prometheus-cpp stays in async_metrics.cc. Threads: any.
#pragma once

#include <memory>
#include <string>

#include "engine/dispatch/async/event_queue.h"

namespace hotcell::embed {

class AsyncMetrics {
public:
    AsyncMetrics();
    ~AsyncMetrics();
    AsyncMetrics(const AsyncMetrics&) = delete;

    void count(const std::string& service, const std::string& function, dispatch::async::Happening happening,
               double seconds);
    std::string text(const dispatch::async::QueueState& queue) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace hotcell::embed
