// Processes held by descriptor (pidfd_open(2)), and the little that still needs their number.
#pragma once

#include <sys/types.h>

#include "engine/base/result.h"
#include "engine/linux/unique_fd.h"

namespace hotcell::linux {

/// The number, in the pid namespace of the /proc that `proc` is open on, of the process behind `pidfd`. The number
/// is only good while the process has not been reaped. Broken when it has.
Result<pid_t> pid_of(int pidfd, int proc);

/// True once the process behind `pidfd` has ended (it may still be a zombie).
bool has_ended(int pidfd);

/// Waits up to `milliseconds` for its end.
bool wait_for_end(int pidfd, int milliseconds);

/// SIGKILL; a process that is gone already is fine.
void kill_process(int pidfd);

/// Reaps a child that was cloned with or without an exit signal (__WALL). False when it has not ended yet.
bool reap(int pidfd);

}  // namespace hotcell::linux
