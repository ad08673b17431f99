// The unpacked stream: what hotcell-unpack writes and the front reads (docs/protocol/packages.md). Little-endian as the
// machine; entries follow the head, the end follows the entries, nothing follows the end.
#pragma once

#include <cstdint>

namespace hotcell::protocol {

inline constexpr std::uint64_t kUnpackedMagic = 0x4b41'504e'5543'4c48;  // "HLCUNPAK" as bytes
inline constexpr std::uint32_t kUnpackedVersion = 1;

struct UnpackedHead {
    std::uint64_t magic;
    std::uint32_t version;
    std::uint32_t zero;
};
static_assert(sizeof(UnpackedHead) == 16);

enum class UnpackedType : std::uint8_t { File = 1, Directory = 2, Link = 3, End = 4 };

/// Before each entry: then `path_size` bytes of path, then `size` bytes: a file's content, a link's target, nothing for a
/// directory. The end is one of these too: `path_size` is the number of entries, `size` of all their bytes.
struct UnpackedEntry {
    UnpackedType type;
    std::uint8_t zero;
    std::uint16_t mode;  // 0644 or 0755 of a file, 0755 of a directory, 0 of a link and of the end
    std::uint32_t path_size;
    std::uint64_t size;
};
static_assert(sizeof(UnpackedEntry) == 16);

}  // namespace hotcell::protocol
