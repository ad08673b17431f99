// Where on cgroup2 an engine may have a subtree with controllers, and turning them on.
//
// Not here: v1, which knows neither delegation nor the rule that inner groups hold no processes.
// Kernel: cgroup-v2.rst ("Delegation", "No Internal Process Constraint"); systemd: CGROUP_DELEGATION.md.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/linux/cgroup/layout.h"

namespace hotcell::linux::cgroup {

/// The child of a delegated group that takes the processes which were in the group itself.
inline constexpr const char* kEngineLeaf = "hotcell-engine";

struct Place {
    Directory directory;
    std::string remark;
};

/// The group below which the engine's directory goes, in this order: our own group if it is delegated (systemd says so
/// in an attribute) or the top of a cgroup namespace, after its processes have been moved into kEngineLeaf; the top of
/// the hierarchy if that can be seen. Otherwise Kernel(EPERM) with a hint.
Result<Place> find_place(const Hierarchy& unified);

/// Adds `controllers` to cgroup.subtree_control. Those of `optional` that the group does not have are left out and
/// named in the answer.
Result<std::vector<std::string>> enable_controllers(const Directory& group, const std::vector<std::string>& controllers,
                                                    const std::vector<std::string>& optional);

}  // namespace hotcell::linux::cgroup
