// Whole files and directories: read, write so that a power cut leaves the old or the new, lock, seal.
//
// Here: paths the engine itself has made or was configured with. Not here: paths from outside (there are none in the
// front: content is addressed by its hash). Threads: free functions, any. Kernel: rename(2), fsync(2), memfd_create(2).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/linux/unique_fd.h"

namespace hotcell::linux {

/// The whole file. NotFound when there is none, InvalidArgument when it is longer than `most` bytes.
Result<std::string> read_file(const std::string& path, std::size_t most);
/// What is in an open file now, from its start, at most 4096 bytes (control group files).
Result<std::string> read_small(int fd);
/// Writes at the start of an open file (control group files take one write).
Result<> write_small(int fd, std::string_view text);

/// A new file with exactly this mode, written and synced. Conflict when it exists.
Result<> write_new_file(const std::string& path, std::string_view bytes, std::uint32_t mode);
/// mkdir -p; directories that exist are left as they are.
Result<> make_directories(const std::string& path, std::uint32_t mode);
Result<> set_owner(const std::string& path, std::uint32_t uid, std::uint32_t gid);
Result<> sync_directory(const std::string& path);
/// Renames and syncs both parents' directory. Conflict when `to` exists and is not an empty directory.
Result<> rename_synced(const std::string& from, const std::string& to, const std::string& parent_of_to);
void remove_tree(const std::string& path) noexcept;
bool exists(const std::string& path);
/// Of all files below a directory, in bytes.
std::uint64_t size_below(const std::string& path) noexcept;
/// Names in a directory, sorted, without "." and "..".
Result<std::vector<std::string>> list_directory(const std::string& path);
std::string absolute_path(const std::string& path);
/// The directory of the running program; empty when the kernel does not say.
std::string program_directory();

/// Holds `path` (made when missing) by flock(2) for as long as the descriptor lives. Conflict when another has it.
Result<UniqueFd> lock_file(const std::string& path);
/// A memfd with these bytes that nobody can change any more.
Result<UniqueFd> seal_bytes(const char* name, std::string_view bytes);

/// Makes room for `wanted` open descriptors: raises this process's soft limit where it is lower. Exhausted, naming both
/// numbers, when the hard limit does not allow it.
Result<> allow_descriptors(std::uint64_t wanted);
/// The same, and up to `more` besides, at most half of what the hard limit then leaves: how many of them.
Result<std::uint64_t> allow_descriptors(std::uint64_t wanted, std::uint64_t more);

/// Memory of the machine in bytes.
std::uint64_t machine_memory();
/// 16 bytes of the kernel's random source as a version 4 UUID.
std::string random_uuid();
bool is_root();
/// InvalidArgument unless the file or directory belongs to root and nobody else may write to it.
Result<> check_only_root_writes(const std::string& path);

}  // namespace hotcell::linux
