#include "engine/programs/unpack/unpack.h"

#include <zip.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/programs/unpack/zip_directory.h"
#include "engine/protocol/package/entry_paths.h"
#include "engine/protocol/package/unpacked.h"

namespace hotcell::unpack {

using protocol::UnpackedEntry;
using protocol::UnpackedType;

namespace {

constexpr std::size_t kBlock = 64 << 10;
constexpr unsigned kUnix = 3, kDarwin = 19;  // high byte of ZipEntry::made_by
constexpr std::uint32_t kTypeBits = 0170000, kRegular = 0100000, kDirectory = 0040000, kLink = 0120000;

std::unexpected<Error> refuse(std::string why) { return fail(ErrorKind::InvalidArgument, std::move(why)); }
std::unexpected<Error> refuse(const ZipEntry& entry, std::string_view why) {
    return refuse("entry '" + protocol::printable(entry.name) + "': " + std::string(why));
}

/// st_mode where the archiver knew one; nothing for archives made on other systems.
std::optional<std::uint32_t> unix_mode(const ZipEntry& entry) {
    const unsigned system = entry.made_by >> 8;
    const std::uint32_t mode = entry.attributes >> 16;
    if ((system != kUnix && system != kDarwin) || mode == 0) return std::nullopt;
    return mode;
}

struct Kind {
    UnpackedType type;
    std::uint16_t mode;
};

Result<Kind> kind_of(const ZipEntry& entry) {
    const bool slash = !entry.name.empty() && entry.name.back() == '/';
    const std::optional<std::uint32_t> mode = unix_mode(entry);
    const std::uint32_t type = mode ? *mode & kTypeBits : 0;
    if (type != 0 && type != kRegular && type != kDirectory && type != kLink)
        return refuse(entry, "it is neither a file nor a directory nor a link");
    if (type != 0 && slash != (type == kDirectory)) return refuse(entry, "its name and its type contradict each other");
    if (slash && entry.size != 0) return refuse(entry, "it is a directory with content");
    if (slash) return Kind{UnpackedType::Directory, 0755};
    if (type == kLink) return Kind{UnpackedType::Link, 0};
    // without Unix modes nothing can say "executable": then the one file that must be is
    const bool executable = mode ? (*mode & 0111) != 0 : entry.name == "bootstrap";
    return Kind{UnpackedType::File, static_cast<std::uint16_t>(executable ? 0755 : 0644)};
}

std::string_view path_of(const ZipEntry& entry) {
    return entry.name.substr(0, entry.name.size() - (entry.name.ends_with('/') ? 1 : 0));
}

struct CloseZip {
    void operator()(zip_t* zip) const { zip_discard(zip); }
    void operator()(zip_file_t* file) const { zip_fclose(file); }
};
using Zip = std::unique_ptr<zip_t, CloseZip>;
using ZipFile = std::unique_ptr<zip_file_t, CloseZip>;

std::string words_of(zip_error_t& error) {
    std::string words = zip_error_strerror(&error);
    zip_error_fini(&error);
    return words;
}

Result<Zip> open_zip(std::string_view bytes) {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
    if (source == nullptr) return refuse("read the package: " + words_of(error));
    // not ZIP_CHECKCONS: it refuses what `zip -r - directory | ...` writes, which gives one size in its own header and the
    // other behind the content. zip_directory.cc has compared the headers, more strictly otherwise
    zip_t* zip = zip_open_from_source(source, ZIP_RDONLY, &error);
    if (zip == nullptr) {
        zip_source_free(source);
        return refuse("the package is broken: " + words_of(error));
    }
    zip_error_fini(&error);
    return Zip(zip);
}

class Unpacking {
public:
    Unpacking(std::string_view zip, const Write& write, const protocol::PackageLimits& limits)
        : bytes_(zip), write_(write), limits_(limits), paths_(limits), block_(kBlock) {
        most_ = std::min(limits.unpacked, std::max(limits.ratio_free, std::uint64_t(limits.ratio) * zip.size()));
    }

    Result<> run() {
        if (bytes_.size() > limits_.package)
            return refuse("the package has " + std::to_string(bytes_.size()) + " bytes, at most " +
                          std::to_string(limits_.package) + " are taken");
        entries_ = TRY(read_zip_directory(bytes_, limits_));
        TRY(check_entries());
        zip_ = TRY(open_zip(bytes_));
        TRY(compare_with_libzip());
        const protocol::UnpackedHead head{protocol::kUnpackedMagic, protocol::kUnpackedVersion, 0};
        TRY(write_bytes(&head, sizeof head));
        // links last: nothing is ever written through one
        for (const bool links : {false, true})
            for (std::size_t i = 0; i < entries_.size(); ++i)
                if ((kinds_[i].type == UnpackedType::Link) == links) TRY(write_entry(i));
        const UnpackedEntry end{UnpackedType::End, 0, 0, static_cast<std::uint32_t>(entries_.size()), total_};
        return write_bytes(&end, sizeof end);
    }

private:
    Result<> check_entries() {
        std::uint64_t total = 0;
        bool any_file = false;
        kinds_.reserve(entries_.size());
        for (const ZipEntry& entry : entries_) {
            kinds_.push_back(TRY(kind_of(entry)));
            TRY(paths_.add(path_of(entry), kinds_.back().type == UnpackedType::Directory));
            total += entry.size;
            any_file = any_file || kinds_.back().type == UnpackedType::File;
        }
        if (!any_file) return refuse("the package has no file");
        return check_total(total);
    }

    Result<> check_total(std::uint64_t total) const {
        if (total > limits_.unpacked)
            return refuse("the package unpacks to more than " + std::to_string(limits_.unpacked) + " bytes");
        if (total > most_)
            return refuse("the package unpacks to more than " + std::to_string(limits_.ratio) + " times its size");
        return {};
    }

    /// What was checked here is what libzip will read.
    Result<> compare_with_libzip() {
        if (zip_get_num_entries(zip_.get(), 0) != static_cast<zip_int64_t>(entries_.size()))
            return refuse("the package's directory can be read in two ways");
        for (std::size_t i = 0; i < entries_.size(); ++i) {
            const ZipEntry& entry = entries_[i];
            zip_stat_t seen;
            if (zip_stat_index(zip_.get(), i, ZIP_FL_ENC_RAW, &seen) != 0 || entry.name != seen.name ||
                seen.size != entry.size || seen.comp_size != entry.packed_size || seen.crc != entry.crc ||
                seen.comp_method != entry.method || seen.encryption_method != ZIP_EM_NONE)
                return refuse(entry, "it can be read in two ways");
        }
        return {};
    }

    Result<> write_bytes(const void* from, std::size_t size) {
        return write_(std::string_view(static_cast<const char*>(from), size));
    }

    Result<> write_entry(std::size_t index) {
        const ZipEntry& entry = entries_[index];
        const std::string_view path = path_of(entry);
        if (kinds_[index].type == UnpackedType::Link) TRY(check_link(index));
        const UnpackedEntry head{kinds_[index].type, 0, kinds_[index].mode, static_cast<std::uint32_t>(path.size()),
                                 entry.size};
        TRY(write_bytes(&head, sizeof head));
        TRY(write_(path));
        // a directory is read too: even nothing has a CRC
        return read_content(index, write_);
    }

    Result<> check_link(std::size_t index) {
        const ZipEntry& entry = entries_[index];
        if (entry.size > limits_.link_target)
            return refuse(entry, "its target is longer than " + std::to_string(limits_.link_target));
        std::string target;
        TRY(read_content(index, [&](std::string_view part) -> Result<> {
            target += part;
            return {};
        }));
        total_ -= target.size();  // it is read once more to be written
        return protocol::check_link_target(entry.name, target, limits_);
    }

    /// Counts what really comes out, whatever the headers say.
    Result<> read_content(std::size_t index, const Write& to) {
        const ZipEntry& entry = entries_[index];
        const ZipFile file(zip_fopen_index(zip_.get(), index, 0));
        if (!file) return refuse(entry, zip_strerror(zip_.get()));
        std::uint64_t size = 0;
        for (;;) {
            const zip_int64_t n = zip_fread(file.get(), block_.data(), block_.size());
            if (n < 0) return refuse(entry, zip_error_strerror(zip_file_get_error(file.get())));
            if (n == 0) break;
            size += static_cast<std::uint64_t>(n);
            total_ += static_cast<std::uint64_t>(n);
            if (size > entry.size) return refuse(entry, "it unpacks to more than it says");
            TRY(check_total(total_));
            TRY(to(std::string_view(block_.data(), static_cast<std::size_t>(n))));
        }
        if (size != entry.size) return refuse(entry, "it unpacks to less than it says");
        return {};
    }

    const std::string_view bytes_;
    const Write& write_;
    const protocol::PackageLimits& limits_;
    protocol::EntryPaths paths_;
    std::vector<char> block_;
    std::vector<ZipEntry> entries_;
    std::vector<Kind> kinds_;
    Zip zip_;
    std::uint64_t most_ = 0;
    std::uint64_t total_ = 0;
};

}  // namespace

Result<> unpack(std::string_view zip, const Write& write, const protocol::PackageLimits& limits) {
    return Unpacking(zip, write, limits).run();
}

}  // namespace hotcell::unpack
