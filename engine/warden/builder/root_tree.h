// The root file systems that sandboxes see: for each runtime one mount table, made once, from which each sandbox's own
// table is cloned. Listed files and directories of the host or of a root image, read-only; nothing of the host's /sys; one
// /proc that each sandbox covers with its own.
//
// Here: making these tables. Not here: what a sandbox adds to its copy (sandbox/steps_inside).
#pragma once

#include <vector>

#include "engine/base/result.h"
#include "engine/linux/unique_fd.h"
#include "engine/protocol/warden_config.h"

namespace hotcell::warden {

/// For each runtime a descriptor of the mount namespace that holds its tree; a tree lives as long as one is open. Runtimes that
/// see the same entries share one. Forks a helper for each, gone when this returns. On failure nothing is left.
Result<std::vector<linux::UniqueFd>> make_root_trees(const protocol::WardenConfig& config, int proc);

}  // namespace hotcell::warden
