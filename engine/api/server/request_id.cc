#include "engine/api/server/request_id.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <array>
#include <cstdlib>

namespace hotcell::api {

std::string make_request_id() {
    std::array<unsigned char, 16> id{};
    // Up to 256 bytes come whole or not at all once the kernel's generator is ready (getrandom(2)).
    if (::getrandom(id.data(), id.size(), 0) != static_cast<ssize_t>(id.size())) std::abort();
    id[6] = static_cast<unsigned char>((id[6] & 0x0f) | 0x40);
    id[8] = static_cast<unsigned char>((id[8] & 0x3f) | 0x80);
    const auto hex = fmt::format("{:02x}", fmt::join(id, ""));
    return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) + "-" +
           hex.substr(20);
}

}  // namespace hotcell::api
