// Numbers with a fixed point as text, for paths where a double's way to text would be felt.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>

namespace hotcell {

/// `value` × 10^-places: 35 with 3 places is "0.035".
inline void append_decimal(std::string& out, std::uint64_t value, int places) {
    char digits[24];
    const char* const end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    const auto count = static_cast<int>(end - digits);
    const int before = count - places;
    if (before > 0)
        out.append(digits, static_cast<std::size_t>(before));
    else
        out += '0';
    if (places == 0) return;
    out += '.';
    for (int i = before; i < 0; ++i) out += '0';
    const int from = before > 0 ? before : 0;
    out.append(digits + from, static_cast<std::size_t>(count - from));
}

}  // namespace hotcell
