// A program started with exactly the descriptors it is to have, and waited for.
//
// Kernel: posix_spawn(3), which does not copy the page tables of a large host program. Threads: any.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "engine/base/result.h"

namespace hotcell::linux {

struct SpawnRequest {
    std::string program;                                // absolute path
    std::vector<std::string> environment;               // NAME=value, all of it
    std::vector<std::pair<int, int>> descriptors;       // {here, there}; `there` from 3 up; 2 stays, 0 and 1 are /dev/null
};
/// The pid. Everything else of this process must be close-on-exec.
Result<pid_t> spawn(const SpawnRequest& request);
/// Waits for a child up to `milliseconds`; true once it has been reaped.
bool wait_for_child(pid_t pid, int milliseconds);
/// Stops a child at once and reaps it; for one that did not come up.
void kill_child(pid_t pid);

}  // namespace hotcell::linux
