// Mounts by descriptor: detached trees, their attributes, attaching them, and a private table to do it in.
//
// Threads: mount namespaces belong to the thread; call from the one that owns the table.
// Kernel: mount(2), open_tree(2), move_mount(2), mount_setattr(2), pivot_root(2), mount_namespaces(7).
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/result.h"
#include "engine/linux/unique_fd.h"

namespace hotcell::linux {

/// A new mount table for this thread. What the host unmounts later goes away here too; nothing travels outwards.
Result<> unshare_mounts();

/// A detached copy of the tree at `path` (relative to `dir`, AT_FDCWD allowed), submounts included.
Result<UniqueFd> clone_tree(int dir, const std::string& path);
/// Attributes MOUNT_ATTR_… to set on a whole detached or attached tree.
Result<> set_mount_attributes(int tree, std::uint64_t set);
/// Attaches a detached tree at `path`.
Result<> attach_tree(int tree, int dir, const std::string& path);

/// mount(2) of a new file system.
Result<> mount_new(const std::string& type, const std::string& target, unsigned long flags, const std::string& data);
/// Makes `new_root` the root and forgets the old one; the working directory becomes the new root.
Result<> pivot_into(const std::string& new_root);

}  // namespace hotcell::linux
