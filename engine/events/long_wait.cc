#include "engine/events/long_wait.h"

#include "engine/events/loop_state.h"

namespace hotcell::events {

LongWait::LongWait(EventLoop& loop, std::function<void()> on_long)
    : waits_(loop.state().long_waits), on_long_(std::move(on_long)) {}

void LongWait::begin() {
    unlink();
    waits_.add(*this);
}

void LongWaits::add(LongWait& wait) {
    wait.begun_ = ticks_;
    waits_.push_back(wait);
    if (!armed_) arm();
}

void LongWaits::arm() {
    armed_ = true;
    timer_.expires_after(LongWait::kMoment);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) tick();
    });
}

void LongWaits::tick() {
    armed_ = false;
    ++ticks_;
    while (!waits_.empty() && waits_.front().begun_ + 2 <= ticks_) {
        LongWait& wait = waits_.front();
        waits_.pop_front();
        const auto on_long = wait.on_long_;  // it may end the wait, and itself with it
        on_long();
    }
    if (!waits_.empty() && !armed_) arm();
}

}  // namespace hotcell::events
