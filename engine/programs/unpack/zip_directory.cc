#include "engine/programs/unpack/zip_directory.h"

#include <algorithm>
#include <optional>
#include <string>

#include "engine/protocol/package/entry_paths.h"

namespace hotcell::unpack {

namespace {

constexpr std::uint32_t kEndSignature = 0x06054b50;
constexpr std::uint32_t kCentralSignature = 0x02014b50;
constexpr std::uint32_t kLocalSignature = 0x04034b50;
constexpr std::uint32_t kDescriptorSignature = 0x08074b50;
constexpr std::size_t kEndSize = 22;
constexpr std::size_t kCentralSize = 46;
constexpr std::size_t kLocalSize = 30;
constexpr std::uint16_t kEncrypted = 1 << 0 | 1 << 6 | 1 << 13;
constexpr std::uint16_t kDescriptor = 1 << 3;

std::unexpected<Error> refuse(std::string why) { return fail(ErrorKind::InvalidArgument, std::move(why)); }
std::unexpected<Error> refuse(const ZipEntry& entry, std::string_view why) {
    return refuse("entry '" + protocol::printable(entry.name) + "': " + std::string(why));
}

/// Little-endian numbers at places that the caller has checked to be inside.
template <class Number>
Number number_at(std::string_view bytes, std::size_t at) {
    Number value = 0;
    for (std::size_t i = sizeof value; i-- > 0;)
        value = static_cast<Number>(value << 8 | static_cast<unsigned char>(bytes[at + i]));
    return value;
}
std::uint16_t u16(std::string_view bytes, std::size_t at) { return number_at<std::uint16_t>(bytes, at); }
std::uint32_t u32(std::string_view bytes, std::size_t at) { return number_at<std::uint32_t>(bytes, at); }
std::uint64_t u64(std::string_view bytes, std::size_t at) { return number_at<std::uint64_t>(bytes, at); }

/// Where the end record stands: the only one whose comment ends with the file.
Result<std::size_t> find_end(std::string_view zip) {
    if (zip.size() < kEndSize) return refuse("the package is not a zip file: it is too short");
    std::optional<std::size_t> found;
    const std::size_t last = zip.size() - kEndSize;
    const std::size_t first = last > 0xffff ? last - 0xffff : 0;
    for (std::size_t at = last + 1; at-- > first;) {
        if (u32(zip, at) != kEndSignature || at + kEndSize + u16(zip, at + 20) != zip.size()) continue;
        if (found) return refuse("the package has two ends of its directory");
        found = at;
    }
    if (!found) return refuse("the package is not a zip file, or is cut short: its directory has no end");
    return *found;
}

struct Place {
    std::size_t begin;
    std::size_t end;
    std::uint32_t entries;
};

Result<Place> find_directory(std::string_view zip, const protocol::PackageLimits& limits) {
    const std::size_t end = TRY(find_end(zip));
    const std::uint16_t here = u16(zip, end + 8);
    const std::uint16_t all = u16(zip, end + 10);
    const std::uint32_t size = u32(zip, end + 12);
    const std::uint32_t offset = u32(zip, end + 16);
    if (all == 0xffff || size == 0xffffffff || offset == 0xffffffff)
        return refuse("the package is in the zip64 format, which is not accepted");
    if (u16(zip, end + 4) != 0 || u16(zip, end + 6) != 0 || here != all)
        return refuse("the package is spread over several files");
    if (std::uint64_t(offset) + size != end) return refuse("the package's directory does not lie where it says");
    if (all == 0) return refuse("the package is empty");
    if (all > limits.entries)
        return refuse("the package has " + std::to_string(all) + " entries (max: " + std::to_string(limits.entries) +
                      ")");
    return Place{offset, end, all};
}

/// The descriptor behind an entry's content, in any of its four forms; its size.
Result<std::size_t> check_descriptor(std::string_view zip, const ZipEntry& entry, std::size_t at, std::size_t most) {
    for (const bool signature : {true, false})
        for (const std::size_t width : {4u, 8u}) {
            const std::size_t numbers = at + (signature ? 4 : 0);
            const std::size_t end = numbers + 4 + 2 * width;
            if (end > most || (signature && u32(zip, at) != kDescriptorSignature)) continue;
            const std::uint64_t packed = width == 4 ? u32(zip, numbers + 4) : u64(zip, numbers + 4);
            const std::uint64_t size = width == 4 ? u32(zip, numbers + 8) : u64(zip, numbers + 12);
            if (u32(zip, numbers) == entry.crc && packed == entry.packed_size && size == entry.size) return end;
        }
    return refuse(entry, "what stands behind its content does not agree with the directory");
}

/// Holds the entry's own header against the directory; where the entry ends.
Result<std::size_t> check_local(std::string_view zip, const ZipEntry& entry, std::size_t most) {
    const std::size_t at = entry.offset;
    if (at + kLocalSize > most || u32(zip, at) != kLocalSignature)
        return refuse(entry, "there is no header where the directory says");
    const std::size_t name_size = u16(zip, at + 26);
    const std::size_t content = at + kLocalSize + name_size + u16(zip, at + 28);
    if (content + entry.packed_size > most) return refuse(entry, "its content is cut short");
    if (zip.substr(at + kLocalSize, name_size) != entry.name)
        return refuse(entry, "its own header gives it another name");
    if (u16(zip, at + 6) != entry.flags || u16(zip, at + 8) != entry.method)
        return refuse(entry, "its own header does not agree with the directory");
    // what comes behind the content may be unknown here: zero, or all ones where a writer was ready for zip64
    const bool later = entry.flags & kDescriptor;
    const auto agrees = [&](std::size_t field, std::uint32_t value) {
        const std::uint32_t said = u32(zip, at + field);
        return said == value || (later && (said == 0 || said == 0xffffffff));
    };
    if (!agrees(14, entry.crc) || !agrees(18, entry.packed_size) || !agrees(22, entry.size))
        return refuse(entry, "its own header does not agree with the directory");
    const std::size_t end = content + entry.packed_size;
    return later ? check_descriptor(zip, entry, end, most) : Result<std::size_t>(end);
}

Result<> check_entry(const ZipEntry& entry) {
    if (entry.packed_size == 0xffffffff || entry.size == 0xffffffff || entry.offset == 0xffffffff)
        return refuse(entry, "it is in the zip64 format, which is not accepted");
    if (entry.flags & kEncrypted) return refuse(entry, "it is encrypted");
    if (entry.method != 0 && entry.method != 8)
        return refuse(
            entry, "it is packed by method " + std::to_string(entry.method) + " (allowed: 0, stored, and 8, deflated)");
    if (entry.method == 0 && entry.packed_size != entry.size) return refuse(entry, "it is stored in another size");
    if (entry.size == 0 && entry.crc != 0) return refuse(entry, "its CRC is not that of an empty file");
    return {};
}

Result<> check_extents(std::string_view zip, const std::vector<ZipEntry>& entries, std::size_t most) {
    struct Extent {
        std::size_t begin, end, entry;
    };
    std::vector<Extent> extents;
    extents.reserve(entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i)
        extents.push_back({
            entries[i].offset, TRY(check_local(zip, entries[i], most))
            , i
        });
    std::sort(extents.begin(), extents.end(), [](const Extent& a, const Extent& b) { return a.begin < b.begin; });
    for (std::size_t i = 1; i < extents.size(); ++i)
        if (extents[i].begin < extents[i - 1].end) return refuse(entries[extents[i].entry], "it overlaps another one");
    return {};
}

}  // namespace

Result<std::vector<ZipEntry>> read_zip_directory(std::string_view zip, const protocol::PackageLimits& limits) {
    const Place place = TRY(find_directory(zip, limits));
    std::vector<ZipEntry> entries;
    entries.reserve(place.entries);
    std::size_t at = place.begin;
    while (at < place.end) {
        if (entries.size() == place.entries) return refuse("the package's directory has more entries than it says");
        if (at + kCentralSize > place.end || u32(zip, at) != kCentralSignature)
            return refuse("the package's directory is broken");
        const std::size_t name_size = u16(zip, at + 28);
        const std::size_t next = at + kCentralSize + name_size + u16(zip, at + 30) + u16(zip, at + 32);
        if (next > place.end) return refuse("the package's directory is broken");
        entries.push_back({.name = zip.substr(at + kCentralSize, name_size),
                           .made_by = u16(zip, at + 4),
                           .flags = u16(zip, at + 8),
                           .method = u16(zip, at + 10),
                           .crc = u32(zip, at + 16),
                           .packed_size = u32(zip, at + 20),
                           .size = u32(zip, at + 24),
                           .attributes = u32(zip, at + 38),
                           .offset = u32(zip, at + 42)});
        TRY(check_entry(entries.back()));
        at = next;
    }
    if (entries.size() != place.entries) return refuse("the package's directory has fewer entries than it says");
    TRY(check_extents(zip, entries, place.begin));
    return entries;
}

}  // namespace hotcell::unpack
