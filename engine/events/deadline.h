// A deadline that is moved or cleared far more often than it passes.
//
// A timer costs a cancelled wait each time it is moved. This one is armed once and looks, when it fires, whether the deadline
// has moved on; only a nearer deadline arms it anew. Threads: the loop's.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>

#include "engine/events/loop_state.h"

namespace hotcell::events {

class Deadline {
public:
    using Clock = std::chrono::steady_clock;

    /// `passed` is called when a deadline passes, and again until it is moved or cleared: an operation that begins just
    /// then must not wait for ever. It may end this object; never called after its end.
    Deadline(EventLoop& loop, std::function<void()> passed)
        : state_(std::make_shared<State>(context_of(loop), std::move(passed))) {}
    ~Deadline() { stop(); }
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

    void set(Clock::time_point at) {
        state_->at = at;
        if (at < state_->armed) state_->arm(at);
    }
    void set(Clock::duration from_now) {
        const auto now = Clock::now();
        set(from_now < Clock::time_point::max() - now ? now + from_now : Clock::time_point::max());
    }
    void clear() { state_->at = Clock::time_point::max(); }
    /// Nothing stays behind that would wake the loop once more.
    void stop() {
        clear();
        state_->armed = Clock::time_point::max();
        state_->timer.cancel();
    }

private:
    static constexpr std::chrono::seconds kAgain{1};

    struct State : std::enable_shared_from_this<State> {
        State(boost::asio::io_context& context, std::function<void()> on_passed)
            : timer(context), passed(std::move(on_passed)) {}

        void arm(Clock::time_point when) {
            armed = when;
            timer.expires_at(when);
            timer.async_wait([weak = weak_from_this(), when](const boost::system::error_code& error) {
                const auto self = weak.lock();
                if (error || !self || self->armed != when) return;
                self->armed = Clock::time_point::max();
                if (self->at == Clock::time_point::max()) return;
                if (Clock::now() < self->at) return self->arm(self->at);
                self->passed();
                if (self->at <= when) self->arm(Clock::now() + kAgain);
            });
        }

        boost::asio::steady_timer timer;
        std::function<void()> passed;
        Clock::time_point at = Clock::time_point::max();
        Clock::time_point armed = Clock::time_point::max();
    };
    std::shared_ptr<State> state_;
};

}  // namespace hotcell::events
