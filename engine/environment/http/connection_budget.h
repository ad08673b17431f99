// How many TCP sockets of sandboxes the engine holds beyond those that came with them. A table of descriptors that is full would
// end the engine: what functions make it hold is bounded for all of them together.
//
// Threads: the reactor's.
#pragma once

#include <algorithm>
#include <cstdint>

namespace hotcell::environment {

inline constexpr std::uint32_t kMostExtraConnections = 4096;

class ConnectionBudget {
public:
    explicit ConnectionBudget(std::uint32_t most) : left_(most) {}

    /// At most `wish`; 0 when none is left.
    std::uint32_t take(std::uint32_t wish) {
        const std::uint32_t given = std::min(wish, left_);
        left_ -= given;
        return given;
    }
    void give_back(std::uint32_t count) { left_ += count; }

private:
    std::uint32_t left_;
};

}  // namespace hotcell::environment
