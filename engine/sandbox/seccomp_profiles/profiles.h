// The system-call filters of everything hotcell runs, as values and as compiled programs.
//
// Here: the lists and why a call is on them. Not here: how a list becomes a program (linux/seccomp), when it is loaded
// (sandbox/steps_inside for sandboxes, warden/authority for the engine's own processes, the daemon's jail).
// Two kinds: what user code may meet answers EPERM or ENOSYS, which programs understand; the engine's own processes are
// ended by a call they never make, because there it means that somebody has taken them over.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/base/result.h"
#include "engine/linux/seccomp/profile.h"

namespace hotcell::sandbox {

/// Of a program that is exec'ed.
linux::seccomp::Profile final_profile();
/// Of a forker, inherited by its children: the final one, and what entering a slot and giving up its powers takes.
linux::seccomp::Profile fork_profile();
/// Of hotcell-init once it only reaps.
linux::seccomp::Profile init_profile();
/// Of the builder. Every sandbox inherits it and the strictest of all loaded filters decides, so it allows whatever a
/// sandbox may need, and refuses with EPERM, because a sandbox must not be ended by it.
linux::seccomp::Profile builder_profile();
linux::seccomp::Profile warden_profile();
/// Of hotcelld after its jail; load with SECCOMP_FILTER_FLAG_TSYNC.
linux::seccomp::Profile front_profile();

/// BPF programs as bytes. Compiling takes a few milliseconds each: once per process, at start.
struct Filters {
    std::vector<std::byte> init;
    std::vector<std::byte> final;
    std::vector<std::byte> fork;
};
Result<Filters> compile_filters();

}  // namespace hotcell::sandbox
