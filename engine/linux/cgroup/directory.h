// One directory of a control group hierarchy, and the small files in it.
//
// Here: open, read, write, list, each with the path in the words of a failure. Not here: what the files mean.
// A directory is held by descriptor and may lie on a mount that has no place in the tree (fsmount(2)); `path` is for
// people only. Threads: values, no shared state. Kernel: cgroups(7).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/linux/unique_fd.h"

namespace hotcell::linux::cgroup {

struct Directory {
    UniqueFd fd;
    std::string path;

    std::string path_of(std::string_view entry) const { return path + "/" + std::string(entry); }
};

/// What usually helps against this errno of a control group, may be empty.
std::string hint_of(int sys);

Result<Directory> open_directory(const std::string& path);
Result<Directory> open_directory(const Directory& parent, const std::string& relative);
/// Conflict when `name` exists already.
Result<Directory> make_directory(const Directory& parent, const std::string& name);
/// rmdir(2); one that does not exist is fine.
Result<> remove_directory(const Directory& parent, const std::string& name);

bool has_entry(const Directory& directory, const char* name);
Result<UniqueFd> open_file(const Directory& directory, const char* name, int flags);
Result<> write_file(const Directory& directory, const char* name, std::string_view text);
Result<std::string> read_file(const Directory& directory, const char* name);
/// Names of the directories directly in it.
Result<std::vector<std::string>> list_directories(const Directory& directory);

/// The whole of a file that is read from its start; used by everything that has only a descriptor.
Result<std::string> read_all(int fd, const std::string& path);

}  // namespace hotcell::linux::cgroup
