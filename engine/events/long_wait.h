// A wait that is nearly always short, and what is to be done when one is not.
//
// A warm call is answered within microseconds. What only matters for longer ones (has its client left? does its output fill
// the pipe?) would cost each of them a timer or a system call, so it is done when a call has waited for a moment: all waits
// of a loop share one timer, which runs while there are any.
// Threads: the loop's.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>
#include <chrono>
#include <cstdint>
#include <functional>

#include "hotcell/event_loop.h"

namespace hotcell::events {

class LongWaits;

/// One wait after the other of the same kind.
class LongWait : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    static constexpr std::chrono::milliseconds kMoment{2};

    /// `on_long` is called once for a wait that has lasted for one to two moments. It may end this object.
    LongWait(EventLoop& loop, std::function<void()> on_long);
    LongWait(const LongWait&) = delete;
    LongWait& operator=(const LongWait&) = delete;

    void begin();
    void end() { unlink(); }

private:
    friend class LongWaits;
    LongWaits& waits_;
    std::function<void()> on_long_;
    std::uint64_t begun_ = 0;  // in ticks
};

/// All waits of one loop.
class LongWaits {
public:
    explicit LongWaits(boost::asio::io_context& context) : timer_(context) {}

private:
    friend class LongWait;
    using List = boost::intrusive::list<LongWait, boost::intrusive::constant_time_size<false>>;

    void add(LongWait& wait);
    void arm();
    void tick();

    boost::asio::steady_timer timer_;
    List waits_;  // the oldest first
    std::uint64_t ticks_ = 0;
    bool armed_ = false;
};

}  // namespace hotcell::events
