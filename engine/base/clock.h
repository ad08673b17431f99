// The one clock that phases and deadlines are read from: CLOCK_MONOTONIC, which every process of the host shares.
#pragma once

#include <chrono>
#include <cstdint>

namespace hotcell {

/// Nanoseconds of CLOCK_MONOTONIC (std::chrono::steady_clock reads the same on Linux).
inline std::uint64_t monotonic_ns() {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
            .count());
}

}  // namespace hotcell
