// The one thread of an engine: waits for descriptors, timers and posted work, and does one thing at a time.
//
// Here: the only room that includes Boost.Asio; its types stay in reactor.cc. Not here: threads (embed starts one).
// Threads: post(), stop() and is_here() from any; everything else, and every callback, on the thread in run().
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "engine/linux/unique_fd.h"
#include "hotcell/units.h"

namespace hotcell::environment {

class Reactor {
public:
    Reactor();
    ~Reactor();
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;

    /// Works until stop(). What was posted before is still done.
    void run();
    void stop();
    void post(std::function<void()> work);
    bool is_here() const;

private:
    friend class Watch;
    friend class Timer;
    struct State;
    std::unique_ptr<State> state_;
};

/// One descriptor, owned and waited for. Destroying it inside its own callback is fine; no callback comes afterwards.
class Watch {
public:
    Watch(Reactor& reactor, linux::UniqueFd fd);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    int fd() const;
    /// Calls once, when there is something to read or the other side has gone. One wait of a kind at a time.
    void when_readable(std::function<void()> callback);
    void when_writable(std::function<void()> callback);

private:
    struct State;
    std::shared_ptr<State> state_;
};

class Timer {
public:
    explicit Timer(Reactor& reactor);
    ~Timer();
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

    /// Replaces what was set before.
    void start(Nanos delay, std::function<void()> callback);
    void cancel();

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace hotcell::environment
