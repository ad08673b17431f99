#include "engine/environment/http/health_monitor.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace hotcell::environment {

HealthMonitor::HealthMonitor(Reactor& reactor, HealthCheck check, Ask ask)
    : check_(std::move(check)), ask_(std::move(ask)), timer_(reactor) {}

void HealthMonitor::begin(OnStatus done) {
    begun_ = true;
    timer_.start(std::chrono::seconds(check_.initial_delay_s), [this, done = std::move(done)] { ask_(done); });
}

void HealthMonitor::watch() {
    if (!is_wanted() || !begun_ || std::exchange(watching_, true)) return;
    timer_.start(std::chrono::seconds(std::max(1u, check_.period_s)), [this] {
        ask_([this](unsigned status) {
            count(status);
            if (std::exchange(watching_, false)) watch();
        });
    });
}

void HealthMonitor::rest() {
    watching_ = false;
    timer_.cancel();
}

void HealthMonitor::count(unsigned status) {
    if (is_good(status) == healthy_) {
        in_a_row_ = 0;
        return;
    }
    const std::uint32_t threshold = healthy_ ? check_.failure_threshold : check_.success_threshold;
    if (++in_a_row_ < std::max(1u, threshold)) return;
    healthy_ = !healthy_;
    in_a_row_ = 0;
}

}  // namespace hotcell::environment
