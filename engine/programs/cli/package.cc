#include "engine/programs/cli/package.h"

#include <zip.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <memory>
#include <vector>

#include "engine/programs/cli/files.h"
#include "engine/programs/cli/ignore_rules.h"
#include "engine/programs/cli/package_size.h"
#include "engine/protocol/package/limits.h"

namespace hotcell::cli {

namespace fs = std::filesystem;

namespace {

constexpr const char* kIgnoreFile = ".fcignore";
constexpr auto& kLimits = protocol::kPackageLimits;
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

Outcome<IgnoreRules> rules_of(const fs::path& top) {
    std::error_code error;
    const auto path = top / kIgnoreFile;
    if (!fs::is_regular_file(path, error)) return IgnoreRules();
    const auto text = read_file(path.string());
    if (!text) return std::unexpected(text.error());
    return IgnoreRules(*text);
}

Outcome<std::vector<Entry>> collect(const fs::path& top) {
    const auto rules = rules_of(top);
    if (!rules) return std::unexpected(rules.error());
    std::vector<Entry> entries;
    std::error_code error;
    for (auto at = fs::recursive_directory_iterator(top, error); !error && at != fs::recursive_directory_iterator();
         at.increment(error)) {
        Entry entry{at->path().lexically_relative(top).generic_string(), at->path()};
        const bool is_directory = at->is_directory() && !at->is_symlink();
        if (entry.name == kIgnoreFile || rules->ignores(entry.name, is_directory)) {
            at.disable_recursion_pending();
            continue;
        }
        if (at->is_symlink())
            entry.link = fs::read_symlink(at->path(), error).generic_string();
        else if (is_directory && !fs::is_empty(at->path(), error))
            continue;
        else if (!at->is_regular_file() && !is_directory)
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

/// Before anything is packed: what does not fit is not read either.
Outcome<void> check_files(const std::string& path, const std::vector<Entry>& entries) {
    std::vector<SizedFile> files;
    std::uint64_t bytes = 0;
    for (const Entry& entry : entries) {
        std::error_code error;
        const auto size = entry.link.empty() ? fs::file_size(entry.path, error) : 0;
        if (error || size == 0) continue;
        files.push_back({entry.name, size});
        bytes += size;
    }
    return check_size(path, "its files are", bytes, kLimits.unpacked, std::move(files));
}

/// The entries of a package by what they take in it; none where it is no zip.
std::vector<SizedFile> packed_files(const std::string& package) {
    std::vector<SizedFile> files;
    zip_source_t* source = ::zip_source_buffer_create(package.data(), package.size(), 0, nullptr);
    zip_t* archive = source == nullptr ? nullptr : ::zip_open_from_source(source, ZIP_RDONLY, nullptr);
    if (archive == nullptr) {
        ::zip_source_free(source);
        return files;
    }
    for (zip_int64_t i = 0; i < ::zip_get_num_entries(archive, 0); ++i) {
        zip_stat_t stat;
        ::zip_stat_init(&stat);
        if (::zip_stat_index(archive, static_cast<zip_uint64_t>(i), 0, &stat) == 0)
            files.push_back({stat.name, stat.comp_size});
    }
    ::zip_discard(archive);
    return files;
}

Outcome<std::string> not_too_large(const std::string& path, Outcome<std::string> package) {
    if (!package || package->size() <= kLimits.package) return package;
    return std::unexpected(
        check_size(path, "the package is", package->size(), kLimits.package, packed_files(*package)).error());
}

Outcome<std::string> pack(const std::string& path, const std::vector<Entry>& entries) {
    if (const auto fits = check_files(path, entries); !fits) return std::unexpected(fits.error());
    return not_too_large(path, zip_of(entries));
}

}  // namespace

Outcome<std::string> make_package(const std::string& path) {
    std::error_code error;
    const auto status = fs::status(path, error);
    if (!fs::exists(status)) return std::unexpected(refused(path, std::strerror(ENOENT)));
    if (fs::is_directory(status)) {
        const auto entries = collect(path);
        if (!entries) return std::unexpected(entries.error());
        return pack(path, *entries);
    }
    if (path.ends_with(".zip")) return not_too_large(path, read_file(path));
    return pack(path, {{fs::path(path).filename().string(), path}});
}

}  // namespace hotcell::cli
