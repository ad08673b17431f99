// The daemon's thread that may wait for the disk: changes of what is deployed, one after the other, so that no connection
// waits for another's deployment.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace hotcell::daemon {

class Worker {
public:
    Worker() : thread_([this] { work(); }) {}
    ~Worker() { finish(); }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    /// Nothing is done with what comes after finish().
    void later(std::function<void()> work);
    /// Does what was asked for, then ends the thread.
    void finish();

private:
    void work();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> waiting_;
    bool closing_ = false;
    std::thread thread_;
};

}  // namespace hotcell::daemon
