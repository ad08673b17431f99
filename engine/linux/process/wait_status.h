// The number wait(2) gives, taken apart.
#pragma once

#include <sys/wait.h>

namespace hotcell::linux {

struct WaitStatus {
    int code = 0;    // of a process that exited
    int signal = 0;  // 0: it exited
};
inline WaitStatus read_wait_status(int status) {
    if (WIFSIGNALED(status)) return {0, WTERMSIG(status)};
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 0, 0};
}

}  // namespace hotcell::linux
