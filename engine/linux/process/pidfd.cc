#include "engine/linux/process/pidfd.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "engine/linux/raw/calls.h"
#include "engine/linux/syscall.h"

namespace hotcell::linux {

Result<pid_t> pid_of(int pidfd, int proc) {
    const std::string path = "self/fdinfo/" + std::to_string(pidfd);
    const UniqueFd file(
        TRY(syscall("open " + path, [&] { return ::openat(proc, path.c_str(), O_RDONLY | O_CLOEXEC); })));
    char text[512] = {};
    TRY(syscall("read " + path, [&] { return ::read(file.get(), text, sizeof text - 1); }));
    const char* line = std::strstr(text, "Pid:");
    const pid_t pid = line != nullptr ? std::atoi(line + 4) : -1;
    if (pid <= 0) return fail(ErrorKind::Broken, "the process behind the pidfd has ended");
    return pid;
}

bool wait_for_end(int pidfd, int milliseconds) {
    pollfd entry{pidfd, POLLIN, 0};
    for (;;) {
        const int n = ::poll(&entry, 1, milliseconds);
        if (n >= 0) return n == 1;
        if (errno != EINTR) return false;
    }
}

bool has_ended(int pidfd) { return wait_for_end(pidfd, 0); }

void kill_process(int pidfd) { (void)raw::pidfd_send_signal(pidfd, SIGKILL); }

bool reap(int pidfd) {
    siginfo_t info{};
    return ::waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED | WNOHANG | __WALL) == 0 && info.si_pid != 0;
}

}  // namespace hotcell::linux
