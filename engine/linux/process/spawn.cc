#include "engine/linux/process/spawn.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "engine/linux/process/pidfd.h"
#include "engine/linux/raw/calls.h"
#include "engine/linux/unique_fd.h"

namespace hotcell::linux {

namespace {
constexpr int kOutOfTheWay = 200;  // above every number a request asks for
}

Result<Child> spawn(const SpawnRequest& request) {
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    // lifted first: a source may have the number another one goes to
    std::vector<UniqueFd> lifted;
    for (const auto& [from, to] : request.descriptors) {
        lifted.emplace_back(::fcntl(from, F_DUPFD_CLOEXEC, kOutOfTheWay));
        ::posix_spawn_file_actions_adddup2(&actions, lifted.back().get(), to);
    }
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    char* arguments[] = {const_cast<char*>(request.program.c_str()), nullptr};
    std::vector<char*> environment;
    for (const std::string& entry : request.environment) environment.push_back(const_cast<char*>(entry.c_str()));
    environment.push_back(nullptr);
    pid_t pid = -1;
    const int failed =
        ::posix_spawn(&pid, request.program.c_str(), &actions, &attributes, arguments, environment.data());
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) return fail_errno(failed, "start " + request.program);
    return Child(pid);
}

bool Child::wait(int milliseconds) {
    if (pid_ < 0) return true;
    const long fd = raw::call(SYS_pidfd_open, pid_, 0);
    const UniqueFd pidfd(static_cast<int>(fd));
    if (fd >= 0 && !wait_for_end(pidfd.get(), milliseconds)) return false;
    if (fd >= 0) (void)reap(pidfd.get());
    pid_ = -1;
    return true;
}

}  // namespace hotcell::linux
