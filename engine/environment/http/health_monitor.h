// How healthy a custom runtime's server says it is, asked as its function's customHealthCheckConfig wants it.
//
// Here: when it is asked, what the answers come to. Not here: asking (http_environment.h). Threads: the reactor's.
#pragma once

#include <cstdint>
#include <functional>

#include "engine/environment/reactor/reactor.h"
#include "hotcell/catalog.h"

namespace hotcell::environment {

class HealthMonitor {
public:
    using OnStatus = std::function<void(unsigned status)>;  // 0: none came in time
    using Ask = std::function<void(OnStatus)>;

    HealthMonitor(Reactor& reactor, HealthCheck check, Ask ask);

    bool is_wanted() const { return !check_.path.empty(); }
    /// Asks for the first time, after the initial delay.
    void begin(OnStatus done);
    /// From now on it is asked every period; nothing changes when it is so already.
    void watch();
    /// Not for the time being: it is about to be stopped.
    void rest();
    bool is_healthy() const { return healthy_; }

    static bool is_good(unsigned status) { return status >= 200 && status < 400; }

private:
    void count(unsigned status);

    const HealthCheck check_;
    Ask ask_;
    Timer timer_;
    bool begun_ = false;
    bool watching_ = false;
    bool healthy_ = true;
    std::uint32_t in_a_row_ = 0;  // answers that say otherwise
};

}  // namespace hotcell::environment
