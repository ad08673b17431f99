#include "engine/environment/code/package_store.h"

#include <unistd.h>

#include "engine/environment/code/sha256.h"
#include "engine/linux/files/files.h"

namespace hotcell::environment {

namespace {

constexpr std::size_t kLargest = 512 << 20;

std::string name_of(std::string_view bytes) {
    Sha256 hash;
    hash.add(bytes);
    return hash.hex();
}

}  // namespace

Result<> PackageStore::prepare(const std::string& directory, std::uint32_t uid, std::uint32_t gid) {
    TRY(linux::make_directories(directory + "/packages", 0700));
    return linux::set_owner(directory + "/packages", uid, gid);
}

Result<std::string> PackageStore::store(std::string_view bytes) {
    std::string package = name_of(bytes);
    const std::scoped_lock lock(mutex_);
    if (!linux::exists(path_of(package))) {
        const std::string staged = directory_ + "/staging/package-" + std::to_string(next_stage_++);
        auto written = linux::write_new_file(staged, bytes, 0600);
        if (written) written = linux::rename_synced(staged, path_of(package), directory_ + "/packages");
        if (!written) {
            (void)::unlink(staged.c_str());
            return std::unexpected(std::move(written).error().in("keep the package"));
        }
    }
    ++holds_[package];
    return package;
}

void PackageStore::hold(const std::string& package) {
    const std::scoped_lock lock(mutex_);
    ++holds_[package];
}

void PackageStore::release(const std::string& package) {
    const std::scoped_lock lock(mutex_);
    const auto found = holds_.find(package);
    if (found == holds_.end() || --found->second > 0) return;
    holds_.erase(found);
    (void)::unlink(path_of(package).c_str());
}

Result<std::string> PackageStore::read(const std::string& package) const {
    auto bytes = linux::read_file(path_of(package), kLargest);
    if (!bytes)
        return fail(ErrorKind::NotFound,
                    "package " + package + " is not in the store any more: " + bytes.error().message(),
                    "deploy it again");
    if (name_of(*bytes) != package)
        return fail(ErrorKind::Broken, "package " + package + " has been changed on the disk", "deploy it again");
    return bytes;
}

void PackageStore::remove_unheld() {
    const std::scoped_lock lock(mutex_);
    const auto names = linux::list_directory(directory_ + "/packages");
    if (!names) return;
    for (const std::string& name : *names)
        if (!holds_.contains(name)) (void)::unlink(path_of(name).c_str());
}

}  // namespace hotcell::environment
