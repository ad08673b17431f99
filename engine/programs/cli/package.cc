#include "engine/programs/cli/package.h"

#include <zip.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <memory>
#include <vector>

#include "engine/programs/cli/files.h"

namespace hotcell::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::uint16_t kFirstDay = 1 << 5 | 1;  // 1980-01-01, where the times of zip files begin

Failure refused(const std::string& path, const std::string& why) {
    return Failure{kRefused, "InvalidArgument", path + ": " + why};
}

class Archive {
public:
    Archive() {
        zip_error_t error;
        ::zip_error_init(&error);
        bytes_ = ::zip_source_buffer_create(nullptr, 0, 0, &error);
        ::zip_source_keep(bytes_);  // to be read once the archive is closed
        archive_ = ::zip_open_from_source(bytes_, ZIP_TRUNCATE, &error);
        ::zip_error_fini(&error);
    }
    Archive(const Archive&) = delete;
    Archive& operator=(const Archive&) = delete;
    ~Archive() {
        if (archive_ != nullptr) ::zip_discard(archive_);
        ::zip_source_free(bytes_);
    }

    bool add(const std::string& name, zip_source_t* content, std::uint32_t mode) {
        if (content == nullptr) return false;
        const auto index = ::zip_file_add(archive_, name.c_str(), content, ZIP_FL_ENC_UTF_8);
        if (index < 0) ::zip_source_free(content);
        return index >= 0 && describe(static_cast<zip_uint64_t>(index), mode);
    }
    bool add_file(const std::string& name, const std::string& path, std::uint32_t mode) {
        return add(name, ::zip_source_file(archive_, path.c_str(), 0, -1), 0100000 | mode);
    }
    /// `text` outlives the archive.
    bool add_link(const std::string& name, const std::string& text) {
        return add(name, ::zip_source_buffer(archive_, text.data(), text.size(), 0), 0120777);
    }
    bool add_directory(const std::string& name) {
        const auto index = ::zip_dir_add(archive_, name.c_str(), ZIP_FL_ENC_UTF_8);
        return index >= 0 && describe(static_cast<zip_uint64_t>(index), 040755);
    }
    bool close() {
        if (::zip_close(archive_) != 0) return false;
        archive_ = nullptr;
        return true;
    }
    std::string why() const { return ::zip_strerror(archive_); }

    std::string read() {
        zip_stat_t stat;
        ::zip_stat_init(&stat);
        if (::zip_source_stat(bytes_, &stat) != 0 || ::zip_source_open(bytes_) != 0) return "";
        std::string bytes(stat.size, '\0');
        const auto count = ::zip_source_read(bytes_, bytes.data(), bytes.size());
        ::zip_source_close(bytes_);
        bytes.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
        return bytes;
    }

private:
    bool describe(zip_uint64_t index, std::uint32_t mode) {
        return ::zip_file_set_external_attributes(archive_, index, 0, ZIP_OPSYS_UNIX, mode << 16) == 0 &&
               ::zip_file_set_dostime(archive_, index, 0, kFirstDay, 0) == 0;
    }

    zip_source_t* bytes_ = nullptr;
    zip_t* archive_ = nullptr;
};

std::uint32_t mode_of(const fs::path& path) {
    std::error_code ignored;
    const bool executable = (fs::status(path, ignored).permissions() & fs::perms::owner_exec) != fs::perms::none;
    return executable ? 0755 : 0644;
}

struct Entry {
    std::string name;  // within the package
    fs::path path;
    std::string link{};  // where a link points
};

Outcome<std::vector<Entry>> collect(const fs::path& top) {
    std::vector<Entry> entries;
    std::error_code error;
    for (auto at = fs::recursive_directory_iterator(top, error); !error && at != fs::recursive_directory_iterator();
         at.increment(error)) {
        Entry entry{at->path().lexically_relative(top).generic_string(), at->path()};
        if (at->is_symlink())
            entry.link = fs::read_symlink(at->path(), error).generic_string();
        else if (at->is_directory() && !fs::is_empty(at->path(), error))
            continue;
        else if (!at->is_regular_file() && !at->is_directory())
            return std::unexpected(refused(entry.path.string(), "is neither file, directory nor link"));
        entries.push_back(std::move(entry));
    }
    if (error) return std::unexpected(refused(top.string(), error.message()));
    if (entries.empty()) return std::unexpected(refused(top.string(), "has no file"));
    std::ranges::sort(entries, {}, &Entry::name);
    return entries;
}

Outcome<std::string> zip_of(const std::vector<Entry>& entries) {
    Archive archive;
    for (const Entry& entry : entries) {
        std::error_code ignored;
        const bool added = !entry.link.empty() ? archive.add_link(entry.name, entry.link)
                           : fs::is_directory(entry.path, ignored)
                               ? archive.add_directory(entry.name)
                               : archive.add_file(entry.name, entry.path.string(), mode_of(entry.path));
        if (!added) return std::unexpected(refused(entry.path.string(), "pack: " + archive.why()));
    }
    if (!archive.close()) return std::unexpected(refused("package", archive.why()));
    return archive.read();
}

}  // namespace

Outcome<std::string> make_package(const std::string& path) {
    std::error_code error;
    const auto status = fs::status(path, error);
    if (!fs::exists(status)) return std::unexpected(refused(path, std::strerror(ENOENT)));
    if (fs::is_directory(status)) {
        const auto entries = collect(path);
        if (!entries) return std::unexpected(entries.error());
        return zip_of(*entries);
    }
    if (path.ends_with(".zip")) return read_file(path);
    return zip_of({{fs::path(path).filename().string(), path}});
}

}  // namespace hotcell::cli
