#include "engine/programs/daemon/worker.h"

#include <utility>

namespace hotcell::daemon {

void Worker::finish() {
    {
        const std::scoped_lock lock(mutex_);
        closing_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void Worker::later(std::function<void()> work) {
    {
        const std::scoped_lock lock(mutex_);
        if (closing_) return;
        waiting_.push_back(std::move(work));
    }
    changed_.notify_all();
}

void Worker::work() {
    for (;;) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return closing_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        const auto next = std::move(waiting_.front());
        waiting_.pop_front();
        lock.unlock();
        next();
    }
}

}  // namespace hotcell::daemon
