// What this kernel, this machine and this user offer, each thing with its reason in words.
//
// Here: questions that change nothing and start no process; a few system calls and reads under /proc and /sys, well
// below a millisecond each. Not here: whether the engine uses it (sandbox/), the engine's own state (hotcell/engine.h).
// Used by /v1/engine and by `hotcell doctor`. Threads: any.
#pragma once

#include <cstdint>
#include <vector>

#include "hotcell/engine.h"

namespace hotcell::linux {

/// Highest ABI of Landlock, 0 when the kernel has none or did not enable it. landlock_create_ruleset(2).
std::uint32_t landlock_abi();

/// All of them: control groups, namespaces, system calls, file systems. A state of "no" stops sandboxes from being
/// built unless the reason says otherwise; "degraded" costs speed or one layer of confinement.
std::vector<Feature> describe_features();

}  // namespace hotcell::linux
