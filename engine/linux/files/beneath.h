// Making files below one directory from paths that a stranger chose: nothing leaves the directory, no link is followed.
//
// Here: openat2(2) with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS for every step, exact modes whatever the umask. Not here:
// which paths are welcome (protocol/package/entry_paths.h). Threads: a Tree stays with one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/linux/unique_fd.h"

namespace hotcell::linux {

class Tree {
public:
    /// An existing directory of our own. The path itself is trusted.
    static Result<Tree> open(const std::string& directory);

    /// Makes `path` and what is missing above it, mode 0755. Fine when it is a directory already.
    Result<> make_directory(const std::string& path);
    /// A new, empty file in a directory that exists. Conflict when there is something of that name.
    Result<UniqueFd> make_file(const std::string& path, std::uint32_t mode);
    /// What is not a directory.
    Result<> remove_file(const std::string& path);
    /// A second name, in a directory that exists, for the file `from`, whose path is trusted. Conflict as above.
    Result<> adopt_file(const std::string& path, const std::string& from);
    /// A new link in a directory that exists; its target is not looked at. Conflict as above.
    Result<> make_link(const std::string& path, const std::string& target);
    /// Everything that was written, files and directories, is on the disk: syncs the whole file system below, once.
    Result<> sync();

private:
    explicit Tree(UniqueFd root) : root_(std::move(root)) {}
    Result<UniqueFd> open_parent(std::string_view path, std::string_view doing);

    UniqueFd root_;
};

/// All of `bytes` at the file's current place.
Result<> write_bytes(int fd, std::string_view bytes);

}  // namespace hotcell::linux
