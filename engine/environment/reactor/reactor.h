// An engine's share of an event loop: descriptors, timers and posted work, all of which end with the engine.
//
// Here: what waits on the loop, without a type of Boost.Asio. Not here: the loop (hotcell/event_loop.h), threads (embed).
// Threads: post() and is_here() from any; everything else, and every callback, on the loop's.
#pragma once

#include <functional>
#include <memory>

#include "engine/linux/unique_fd.h"
#include "hotcell/event_loop.h"
#include "hotcell/units.h"

namespace hotcell::environment {

class Reactor {
public:
    /// `loop` outlives this.
    explicit Reactor(EventLoop& loop) : loop_(loop) {}
    ~Reactor() { close(); }
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;

    void post(std::function<void()> work);
    bool is_here() const { return loop_.is_here(); }
    EventLoop& loop() { return loop_; }
    /// What was posted and has not been done will not be. On the loop's thread, or once it works no more.
    void close() { *open_ = false; }

private:
    EventLoop& loop_;
    std::shared_ptr<bool> open_ = std::make_shared<bool>(true);
};

/// One descriptor, owned and waited for. Destroying it inside its own callback is fine; no callback comes afterwards.
class Watch {
public:
    Watch(Reactor& reactor, linux::UniqueFd fd);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    int fd() const;
    /// Calls once, when there is something to read or the other side has gone, or seldom for nothing at all: what became
    /// ready together with a watch that has ended since may be taken for this one's. One wait of a kind at a time.
    void when_readable(std::function<void()> callback);
    void when_writable(std::function<void()> callback);
    /// The descriptor, not waited for any more.
    linux::UniqueFd release();

private:
    struct State;
    std::shared_ptr<State> state_;
};

/// An eventfd that somebody else raises, once.
class Event {
public:
    /// `raised` is called once, when it is raised and nobody has taken that before. It may end this object.
    Event(Reactor& reactor, linux::UniqueFd eventfd, std::function<void()> raised);

    /// True when it has been raised since it was last looked at.
    bool take();
    int fd() const { return watch_.fd(); }

private:
    void wait();

    Watch watch_;
    std::function<void()> raised_;
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
