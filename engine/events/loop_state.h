// What an EventLoop is made of, for the rooms that wait on one: Boost.Asio's context, and the list of long waits.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <thread>

#include "engine/events/long_wait.h"
#include "hotcell/event_loop.h"

namespace hotcell {

struct EventLoop::State {
    boost::asio::io_context context{1};  // one thread runs it: no locks around handlers
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{context.get_executor()};
    std::atomic<std::thread::id> thread{};
    events::LongWaits long_waits{context};
};

}  // namespace hotcell

namespace hotcell::events {

inline boost::asio::io_context& context_of(EventLoop& loop) { return loop.state().context; }

}  // namespace hotcell::events
