// The kernel's numbers that argument rules are made of, gathered so that lists of rules need no kernel headers.
//
// Only what headers of different ages or libraries disagree on is spelled out here.
#pragma once

#include <asm/ioctls.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>

namespace hotcell::linux::seccomp {

/// Every namespace bit that clone(2) and setns(2) take. (The time namespace's bit is part of clone's signal number
/// and can only be asked for by clone3 and unshare.)
inline constexpr std::uint32_t kAllNamespaces =
    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
static_assert(kAllNamespaces == 0x7E020000);

inline constexpr std::uint32_t kSocketTypeBits = 0xF;  // the rest of `type` is SOCK_NONBLOCK and SOCK_CLOEXEC

}  // namespace hotcell::linux::seccomp
