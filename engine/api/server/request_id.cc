#include "engine/api/server/request_id.h"

#include <fmt/format.h>

#include <array>
#include <random>

namespace hotcell::api {

std::string make_request_id() {
    std::array<unsigned char, 16> id{};
    thread_local std::random_device random;
    for (unsigned char& byte : id) byte = static_cast<unsigned char>(random());
    id[6] = static_cast<unsigned char>((id[6] & 0x0f) | 0x40);
    id[8] = static_cast<unsigned char>((id[8] & 0x3f) | 0x80);
    const auto hex = fmt::format("{:02x}", fmt::join(id, ""));
    return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) + "-" +
           hex.substr(20);
}

}  // namespace hotcell::api
