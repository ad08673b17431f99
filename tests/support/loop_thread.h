// A loop with its thread, for tests that serve on one.
#pragma once

#include <thread>

#include "hotcell/event_loop.h"

namespace hotcell {

class LoopThread {
public:
    LoopThread() = default;
    ~LoopThread() {
        loop_.stop();
        thread_.join();
    }
    LoopThread(const LoopThread&) = delete;
    EventLoop& loop() { return loop_; }

private:
    EventLoop loop_;
    std::thread thread_{[this] { loop_.run(); }};
};

}  // namespace hotcell
