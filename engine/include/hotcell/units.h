// Quantities that must not be confused with each other.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace hotcell {

using Nanos = std::chrono::nanoseconds;
using Micros = std::chrono::microseconds;
using Millis = std::chrono::milliseconds;

struct Bytes {
    std::uint64_t count = 0;
    auto operator<=>(const Bytes&) const = default;
};
constexpr Bytes kibibytes(std::uint64_t n) { return Bytes{n << 10}; }
constexpr Bytes mebibytes(std::uint64_t n) { return Bytes{n << 20}; }

}  // namespace hotcell
