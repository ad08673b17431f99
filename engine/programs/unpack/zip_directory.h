// The central directory of a zip, read strictly: what it says of each entry must be what the entry's own header says, and
// no byte may belong to two entries.
//
// Here: everything that libzip does not look at, or only after it has allocated for it: one end of the directory, the
// number of entries, extents, data descriptors, encryption, methods. Not here: content and CRC (libzip), paths
// (entry_paths.h). No zip64: a package is far smaller. Pure. Source: APPNOTE.TXT 6.3.10, sections 4.3 and 4.4.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/protocol/package/limits.h"

namespace hotcell::unpack {

struct ZipEntry {
    std::string_view name;  // as it stands there, of the zip's bytes
    std::uint16_t made_by;  // high byte: the system whose attributes these are
    std::uint16_t flags;
    std::uint16_t method;  // 0 stored, 8 deflated
    std::uint32_t crc;
    std::uint32_t packed_size;
    std::uint32_t size;
    std::uint32_t attributes;
    std::uint32_t offset;  // of its own header
};

/// Every entry in the directory's order. InvalidArgument for whatever is out of rule.
Result<std::vector<ZipEntry>> read_zip_directory(std::string_view zip, const protocol::PackageLimits& limits);

}  // namespace hotcell::unpack
