// One pipe a program writes to: kept up to a cap, then dropped but still read, so that the program never hangs on it.
//
// Threads: the engine's.
#pragma once

#include <functional>
#include <string>

#include "engine/environment/reactor/reactor.h"
#include "hotcell/units.h"

namespace hotcell::dispatch {

class Output {
public:
    Output(environment::Reactor& reactor, linux::UniqueFd fd, Bytes cap, std::function<void()> on_end);

    /// Reads what is there now; at most a few pieces of it.
    void drain();
    bool is_open() const { return open_; }
    bool is_truncated() const { return dropped_ > 0; }
    std::string take() { return std::move(kept_); }

private:
    void wait();

    environment::Watch watch_;
    Bytes cap_;
    std::function<void()> on_end_;
    std::string kept_;
    std::uint64_t dropped_ = 0;
    bool open_ = true;
};

}  // namespace hotcell::dispatch
