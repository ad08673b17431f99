// What a code package may be: the one table of its limits. hotcell-unpack holds a zip against it, and the front holds
// what hotcell-unpack says against it once more.
#pragma once

#include <cstdint>

#include "hotcell/limits.h"

namespace hotcell::protocol {

struct PackageLimits {
    std::uint64_t package = kMostPackage.count;  // bytes of the zip
    std::uint64_t unpacked = 250ull << 20;       // bytes of all files together
    std::uint32_t entries = 20'000;              // files, links and directories, those that paths only imply included
    std::uint32_t path = 1024;                   // bytes of a whole path
    std::uint32_t name = 255;                    // bytes of one part of a path
    std::uint32_t depth = 64;                    // parts of a path
    std::uint32_t link_target = 1024;            // bytes
    std::uint32_t ratio = 200;                   // unpacked bytes for each byte of the zip
    std::uint64_t ratio_free = 1ull << 20;       // unpacked bytes that no ratio is asked of: small text packs well
};
inline constexpr PackageLimits kPackageLimits{};

}  // namespace hotcell::protocol
