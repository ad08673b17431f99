// The capabilities of the calling process, through libcap (capabilities(7), cap_set_proc(3)).
//
// Threads: capabilities belong to the thread; call before any other thread exists.
#pragma once

#include <sys/capability.h>

#include <initializer_list>

#include "engine/base/result.h"

namespace hotcell::linux {

/// Leaves exactly `kept` permitted and effective and in the bounding set, nothing inheritable or ambient. An empty list
/// leaves none, for good. Needs CAP_SETPCAP for the bounding set. Looks again afterwards: Broken when more is left.
Result<> keep_only(std::initializer_list<cap_value_t> kept);

/// No gain of privilege by execve(2) from here on (PR_SET_NO_NEW_PRIVS).
Result<> forbid_new_privileges();

}  // namespace hotcell::linux
