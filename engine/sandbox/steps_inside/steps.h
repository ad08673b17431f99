// What pid 1 of a sandbox does to itself and to its child, a function a step. No heap, no locks, no std::string: this
// is linked into hotcell-init. Each returns 0 or -errno, and leaves undoing to the end of the namespaces it lives in.
//
// Here: the steps. Not here: their order (the plan says it), the clone that made pid 1 (engine/warden/builder).
#pragma once

#include "engine/protocol/init_plan.h"

namespace hotcell::sandbox::inside {

using protocol::InitPlan;

/// uid and gid 0 of the new user namespace; without this the process has ids that nobody mapped.
long take_ids(const InitPlan&);
/// "0" to every attach file: from here on everything is charged to the sandbox (cgroups(7)).
long join_cgroups(const InitPlan&);
long unshare_cgroup_namespace(const InitPlan&);
long set_host_name(const InitPlan&);
/// A fresh /proc of the sandbox's own pid namespace over the template's, hidepid=2 (proc(5)).
long mount_proc(const InitPlan&);
/// Covers what tells of the host, makes what changes it read-only (threat model, "Filesystem").
long mask_proc(const InitPlan&);
/// The sandbox's own tmpfs at /rw/tmp, which /tmp and /dev/shm link to.
long mount_tmp(const InitPlan&);
long set_limits(const InitPlan&);
long drop_bounding_set(const InitPlan&);
long drop_capabilities(const InitPlan&);
long no_new_privileges(const InitPlan&);
long load_init_filter(const InitPlan&);

/// 0–2 kept; the child's pipes moved to HC_CHANNEL_FD (and the arm pipe beside it), all else closed on exec or now.
long child_descriptors(const InitPlan&);
long child_ids(const InitPlan&);
long child_capabilities(const InitPlan&);
/// Read and execute on the root tree, everything below /rw, device nodes writable; signals and abstract sockets
/// scoped where the kernel can. `abi` receives what the kernel offers (landlock(7)).
long child_landlock(const InitPlan&, std::uint32_t& abi);
long child_filter(const InitPlan&);

}  // namespace hotcell::sandbox::inside
