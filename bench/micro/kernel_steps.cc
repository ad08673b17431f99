// What each kernel step of a start costs on this machine, alone. Needs root; uses no engine.
#include <benchmark/benchmark.h>

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <array>
#include <string>
#include <vector>

#include "engine/linux/mounts/mount.h"
#include "engine/linux/process/pidfd.h"
#include "engine/linux/raw/calls.h"
#include "engine/linux/raw/fd_passing.h"
#include "engine/linux/unique_fd.h"

namespace {

namespace raw = hotcell::linux::raw;
using hotcell::linux::UniqueFd;

/// Clones a child with `flags` that ends at once, and reaps it.
void clone_and_reap(benchmark::State& state, std::uint64_t flags) {
    for (auto _ : state) {
        int pidfd = -1;
        const long pid = raw::clone_process(flags | CLONE_PIDFD, &pidfd, SIGCHLD);
        if (pid == 0) ::_exit(0);
        if (pid < 0) return state.SkipWithError("clone3 was refused");
        siginfo_t info{};
        ::waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED);
        ::close(pidfd);
    }
}
BENCHMARK_CAPTURE(clone_and_reap, plain, 0)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(clone_and_reap, user, CLONE_NEWUSER)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(clone_and_reap, pid, CLONE_NEWPID)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(clone_and_reap, mount, CLONE_NEWNS)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(clone_and_reap, net, CLONE_NEWNET)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(clone_and_reap, ipc, CLONE_NEWIPC)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(clone_and_reap, uts, CLONE_NEWUTS)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(clone_and_reap, all_six,
                  CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS)
    ->Unit(benchmark::kMicrosecond);

int end_at_once(void*) { return 0; }

/// A helper that shares the memory of its parent: what the forker uses to enter a slot.
void clone_sharing_memory(benchmark::State& state) {
    std::vector<char> stack(64 << 10);
    for (auto _ : state) {
        const pid_t pid = ::clone(end_at_once, stack.data() + stack.size(), CLONE_VM | CLONE_VFORK | SIGCHLD, nullptr);
        if (pid < 0) return state.SkipWithError("clone was refused");
        ::waitpid(pid, nullptr, __WALL);
    }
}
BENCHMARK(clone_sharing_memory)->Unit(benchmark::kMicrosecond);

/// What the warden does per attach, without the change of namespaces: clone a directory's mount, mark it, hang it up.
void attach_directory(benchmark::State& state) {
    if (!hotcell::linux::unshare_mounts()) return state.SkipWithError("needs root");
    char place[] = "/tmp/hotcell-micro-XXXXXX";
    if (::mkdtemp(place) == nullptr) return state.SkipWithError("make a directory");
    const UniqueFd target(::open(place, O_PATH | O_DIRECTORY | O_CLOEXEC));
    for (auto _ : state) {
        const long tree = raw::open_tree(AT_FDCWD, "/usr", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        raw::mount_setattr(static_cast<int>(tree), "", AT_EMPTY_PATH,
                           MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, 0);
        const long moved = raw::move_mount(static_cast<int>(tree), "", target.get(), "",
                                           MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
        if (moved < 0) state.SkipWithError("move_mount was refused");
        ::close(static_cast<int>(tree));
        state.PauseTiming();
        ::umount2(place, MNT_DETACH);
        state.ResumeTiming();
    }
    ::rmdir(place);
}
BENCHMARK(attach_directory)->Unit(benchmark::kMicrosecond);

/// A filter of the size of the final profile, loaded in a child; the child itself is in the figure of `plain` above.
void load_filter_in_a_child(benchmark::State& state) {
    std::vector<sock_filter> filter(static_cast<std::size_t>(state.range(0)),
                                    sock_filter{BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 0xFFFF});
    filter.back() = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
    const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
    for (auto _ : state) {
        const long pid = raw::clone_process(0, nullptr, SIGCHLD);
        if (pid == 0) {
            raw::call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL);
            ::_exit(raw::call(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0UL, &program) == 0 ? 0 : 1);
        }
        int status = 0;
        ::waitpid(static_cast<pid_t>(pid), &status, 0);
        if (status != 0) return state.SkipWithError("seccomp was refused");
    }
}
BENCHMARK(load_filter_in_a_child)->Arg(1)->Arg(300)->Unit(benchmark::kMicrosecond);

/// One message with descriptors there and back, as between builder and front.
void pass_descriptors(benchmark::State& state) {
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return state.SkipWithError("socketpair");
    const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    const std::vector<int> fds(static_cast<std::size_t>(state.range(0)), null.get());
    std::array<char, 512> message{};
    for (auto _ : state) {
        raw::send_with_fds(pair[0], message.data(), message.size(), fds.data(), static_cast<int>(fds.size()));
        int received[raw::kMostPassedFds];
        int count = 0;
        raw::receive_with_fds(pair[1], message.data(), message.size(), received, count);
        for (int i = 0; i < count; ++i) ::close(received[i]);
    }
    ::close(pair[0]);
    ::close(pair[1]);
}
BENCHMARK(pass_descriptors)->Arg(0)->Arg(12)->Unit(benchmark::kMicrosecond);

}  // namespace
