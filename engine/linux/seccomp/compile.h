// Profile → BPF program, by libseccomp.
//
// Takes about 2 ms, so it is done once per profile and process; loading the bytes is linux/raw/seccomp.h, inheriting
// them costs nothing. x86-64 only: a call through another ABI (int 0x80, x32 numbers) ends the process.
// Threads: any. Kernel: seccomp(2), Documentation/userspace-api/seccomp_filter.rst.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/base/result.h"
#include "engine/linux/seccomp/profile.h"

namespace hotcell::linux::seccomp {

/// The bytes of an array of `struct sock_filter`. InvalidArgument names a call that is unknown or listed twice.
Result<std::vector<std::byte>> compile(const Profile& profile);

}  // namespace hotcell::linux::seccomp
