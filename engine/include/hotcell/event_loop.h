// One thread's loop: waits for descriptors, timers and posted work, and does one thing at a time.
//
// An engine makes a loop and a thread for it, or works on one that it is given: then a host program that serves
// requests on that loop calls functions, and hears of their end, without a second thread in between.
// Not here: what is waited for (engine/events, engine/environment/reactor). Threads: post(), stop() and is_here() from any.
#pragma once

#include <functional>
#include <memory>

namespace hotcell {

class EventLoop {
public:
    EventLoop();
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    /// Works on the calling thread until stop(). SIGPIPE stays blocked for that thread: a program that closes its input
    /// must not end the host.
    void run();
    /// What was posted before is still done.
    void stop();
    void post(std::function<void()> work);
    /// True on the thread that is in run().
    bool is_here() const;

    struct State;
    State& state() { return *state_; }

private:
    std::unique_ptr<State> state_;
};

}  // namespace hotcell
