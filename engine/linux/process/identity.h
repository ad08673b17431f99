// Who the calling process is and how much it may take: ids, what a change of ids does, resource limits, dumps.
//
// Not here: capabilities (linux/capabilities), system-call filters (linux/seccomp).
// Threads: ids through the C library are those of all threads; call before any other thread exists all the same.
// Kernel: credentials(7), capabilities(7) "securebits", setresuid(2), getrlimit(2), PR_SET_DUMPABLE.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "engine/base/result.h"

namespace hotcell::linux {

/// Uid 0 means nothing any more, no program file gives capabilities, and both stay so: the securebits are locked. A
/// change of ids then leaves the capabilities alone, so that they can be given up afterwards. Needs CAP_SETPCAP.
Result<> lock_securebits();

/// Real, effective, saved and file system ids; no supplementary group. Looks again afterwards. Needs CAP_SETUID, CAP_SETGID.
Result<> change_identity(uid_t uid, gid_t gid);

/// No core dump, and no other process of this id may trace this one or open its /proc files.
Result<> forbid_dumps();

/// At most `files` descriptors (less where the hard limit is lower), no core file, no locked memory, no message queue.
Result<> limit_resources(std::uint64_t files);

/// Own network (nothing but a loopback that is down), ipc and host name for this process.
Result<> leave_shared_namespaces();

}  // namespace hotcell::linux
