// Ending everything in a group and below it, and removing the directories.
//
// Here: killing by cgroup.kill or, on v1, process by process; rmdir bottom up, waiting for the kernel to let go.
// Not here: deciding which group. Blocks up to the deadline it is given. Kernel: cgroups(7), pidfd_open(2).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/linux/cgroup/directory.h"

namespace hotcell::linux::cgroup {

/// Kills what is in `group` and below it, once. Does not wait. A process that moves in afterwards is not seen.
Result<> kill_all(const Directory& group);

/// Kills and removes `name` in `parent` with all below it. The number of directories below it that were removed.
/// One that does not exist is fine. Kernel(EBUSY) when processes outlive `deadline_ns` (CLOCK_MONOTONIC).
Result<std::uint32_t> remove_tree(const Directory& parent, const std::string& name, std::uint64_t deadline_ns);

/// Paths, relative to `top`, of all directories called `name`; not those inside another of that name.
std::vector<std::string> find_directories(const Directory& top, const std::string& name);

}  // namespace hotcell::linux::cgroup
