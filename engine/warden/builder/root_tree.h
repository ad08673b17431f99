// The root file system every sandbox of this engine sees: one mount table, made once, from which each sandbox's own
// table is cloned. Listed files and directories of the host, read-only; nothing of the host's /sys; one /proc that each
// sandbox covers with its own.
//
// Here: making that table. Not here: what a sandbox adds to its copy (sandbox/steps_inside).
#pragma once

#include "engine/base/result.h"
#include "engine/linux/unique_fd.h"
#include "engine/protocol/warden_config.h"

namespace hotcell::warden {

/// A descriptor of the mount namespace that holds the tree; the tree lives as long as it. Forks a helper that is gone
/// when this returns. On failure nothing is left.
Result<linux::UniqueFd> make_root_tree(const protocol::WardenConfig& config, int proc);

}  // namespace hotcell::warden
