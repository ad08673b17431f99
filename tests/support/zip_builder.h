// Zip files written byte by byte, so that every field can lie.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hotcell {

struct ZipItem {
    std::string name;
    std::string content;
    bool deflate = false;
    std::uint32_t mode = 0100644;  // st_mode
    std::uint8_t system = 3;       // Unix
    std::uint16_t flags = 0;       // bit 3: a data descriptor follows the content

    // what the headers say in place of the truth
    std::optional<std::string> local_name;
    std::optional<std::uint16_t> method;
    std::optional<std::uint32_t> crc;         // both headers and the descriptor
    std::optional<std::uint32_t> size;        // likewise
    std::optional<std::uint32_t> local_size;  // in its own header
    std::optional<std::uint32_t> descriptor_crc;
    std::optional<std::uint32_t> offset;  // in the directory
};

inline std::string deflated(std::string_view bytes) {
    z_stream stream{};
    deflateInit2(&stream, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY);
    std::string out(deflateBound(&stream, bytes.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    ::deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

class ZipBuilder {
public:
    ZipBuilder& add(const ZipItem& item) {
        const std::string packed = item.deflate ? deflated(item.content) : item.content;
        const auto crc = item.crc.value_or(static_cast<std::uint32_t>(
            ::crc32(0, reinterpret_cast<const Bytef*>(item.content.data()), static_cast<uInt>(item.content.size()))));
        const auto size = item.size.value_or(static_cast<std::uint32_t>(item.content.size()));
        const auto packed_size = static_cast<std::uint32_t>(packed.size());
        const auto method = item.method.value_or(item.deflate ? 8 : 0);
        const bool descriptor = item.flags & 8;
        const std::uint32_t offset = item.offset.value_or(static_cast<std::uint32_t>(out_.size()));

        const std::string& local_name = item.local_name ? *item.local_name : item.name;
        u32(out_, 0x04034b50), u16(out_, 20), u16(out_, item.flags), u16(out_, method), u32(out_, kTime);
        u32(out_, descriptor ? 0 : crc), u32(out_, descriptor ? 0 : packed_size);
        u32(out_, item.local_size.value_or(descriptor ? 0 : size));
        u16(out_, local_name.size()), u16(out_, 0);
        out_ += local_name + packed;
        if (descriptor) {
            u32(out_, 0x08074b50), u32(out_, item.descriptor_crc.value_or(crc)), u32(out_, packed_size);
            u32(out_, size);
        }

        u32(directory_, 0x02014b50), u16(directory_, item.system << 8 | 20), u16(directory_, 20);
        u16(directory_, item.flags), u16(directory_, method), u32(directory_, kTime);
        u32(directory_, crc), u32(directory_, packed_size), u32(directory_, size);
        u16(directory_, item.name.size()), u16(directory_, 0), u16(directory_, 0), u16(directory_, 0);
        u16(directory_, 0), u32(directory_, item.mode << 16), u32(directory_, offset);
        directory_ += item.name;
        ++count_;
        return *this;
    }
    ZipBuilder& add(std::string name, std::string content) {
        ZipItem item;
        item.name = std::move(name);
        item.content = std::move(content);
        return add(item);
    }
    /// `count` is what the end says.
    std::string bytes(std::optional<std::uint16_t> count = {}) const {
        std::string zip = out_ + directory_;
        u32(zip, 0x06054b50), u32(zip, 0), u16(zip, count.value_or(count_)), u16(zip, count.value_or(count_));
        u32(zip, directory_.size()), u32(zip, out_.size()), u16(zip, 0);
        return zip;
    }

private:
    static constexpr std::uint32_t kTime = 0x58210000;  // 2024-01-01
    static void put(std::string& to, std::uint64_t value, int bytes) {
        for (int i = 0; i < bytes; ++i) to += static_cast<char>(value >> (8 * i));
    }
    static void u16(std::string& to, std::uint64_t value) { put(to, value, 2); }
    static void u32(std::string& to, std::uint64_t value) { put(to, value, 4); }

    std::string out_, directory_;
    std::uint16_t count_ = 0;
};

/// A zip of one file.
inline std::string zip_of(const ZipItem& item) { return ZipBuilder().add(item).bytes(); }

/// A package of exactly that many bytes, nearly all of them the content of `data`.
inline std::string stored_zip_of_size(std::size_t size, const std::string& index = "x") {
    const auto rest = ZipBuilder().add("index.py", index).add("data", "").bytes().size();
    return ZipBuilder().add("index.py", index).add("data", std::string(size - rest, 'd')).bytes();
}

}  // namespace hotcell
