// One deadline of a connection, moved with every step of a request.
//
// A timer of Asio costs a cancelled wait each time it is moved. This one is armed once and looks, when it fires, whether
// the deadline has moved on; only a nearer deadline arms it anew. Threads: the server's one thread.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>

namespace hotcell::api {

class Deadline {
public:
    using Clock = std::chrono::steady_clock;

    /// `passed` is called when a deadline passes, and again until it is moved or cleared: an operation that begins just
    /// then must not wait for ever. Never after the end of this object.
    Deadline(const boost::asio::any_io_executor& executor, std::function<void()> passed)
        : timer_(executor), passed_(std::move(passed)) {}

    void set(Clock::time_point at) {
        at_ = at;
        if (at < armed_) arm(at);
    }
    void clear() { at_ = Clock::time_point::max(); }
    /// No timer stays behind that would keep the server's thread from ending.
    void stop() {
        clear();
        armed_ = Clock::time_point::max();
        timer_.cancel();
    }

private:
    static constexpr std::chrono::seconds kAgain{1};

    void arm(Clock::time_point at) {
        armed_ = at;
        timer_.expires_at(at);
        timer_.async_wait([this, at, alive = std::weak_ptr(alive_)](const boost::system::error_code& error) {
            if (error || alive.expired() || armed_ != at) return;
            armed_ = Clock::time_point::max();
            if (at_ == Clock::time_point::max()) return;
            if (Clock::now() < at_) return arm(at_);
            passed_();
            if (at_ <= at) arm(Clock::now() + kAgain);
        });
    }

    boost::asio::steady_timer timer_;
    const std::function<void()> passed_;
    Clock::time_point at_ = Clock::time_point::max();
    Clock::time_point armed_ = Clock::time_point::max();
    std::shared_ptr<void> alive_ = std::make_shared<char>();  // a timer that has fired may be told of after the end
};

}  // namespace hotcell::api
