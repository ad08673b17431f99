// A root that holds a few directories and nothing else, for a process that has opened everything else it needs.
//
// Threads: mount namespaces belong to the thread; call before any other thread exists, after unshare_mounts().
// Kernel: open_tree(2), mount_setattr(2), pivot_root(2).
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.h"

namespace hotcell::linux {

/// Makes a read-only root of `directories` (absolute, existing), each at its own path without devices, setuid files or
/// programs, and forgets the old root. The working directory becomes "/".
Result<> enter_root_of(std::vector<std::string> directories);

}  // namespace hotcell::linux
