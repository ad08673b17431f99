#include "engine/api/server/request_id.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <span>

namespace hotcell::api {

namespace {

/// Random bytes, a page at a time: a system call for every id would cost more than the rest of it.
std::span<const unsigned char, 16> take_random() {
    thread_local std::array<unsigned char, 4096> bytes;
    thread_local std::size_t used = bytes.size();
    if (used == bytes.size()) {
        for (std::size_t filled = 0; filled < bytes.size(); filled += 256)  // 256 bytes come whole, see getrandom(2)
            if (::getrandom(bytes.data() + filled, 256, 0) != 256) std::abort();
        used = 0;
    }
    used += 16;
    return std::span<const unsigned char, 16>(bytes.data() + used - 16, 16);
}

}  // namespace

std::string make_request_id() {
    constexpr char kHex[] = "0123456789abcdef";
    std::array<unsigned char, 16> id;
    std::ranges::copy(take_random(), id.begin());
    id[6] = static_cast<unsigned char>((id[6] & 0x0f) | 0x40);
    id[8] = static_cast<unsigned char>((id[8] & 0x3f) | 0x80);
    std::string text;
    text.reserve(36);
    for (std::size_t i = 0; i < id.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text.push_back('-');
        text.push_back(kHex[id[i] >> 4]);
        text.push_back(kHex[id[i] & 15]);
    }
    return text;
}

}  // namespace hotcell::api
