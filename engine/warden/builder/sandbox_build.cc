#include "engine/warden/builder/sandbox_build.h"

#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <array>
#include <string>

#include "engine/base/clock.h"
#include "engine/linux/process/pidfd.h"
#include "engine/linux/raw/calls.h"
#include "engine/protocol/forker.h"

namespace hotcell::warden {

namespace raw = linux::raw;
using linux::UniqueFd;
using protocol::Step;

namespace {

constexpr int kNamespaces = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
constexpr int kBuildDeadlineMs = 2'000;

constexpr std::size_t kStackBytes = 64 * 1024;

/// What the builder, its two helpers and pid 1 share until pid 1 has exec'ed (CLONE_VM): no page table is copied. The
/// helpers run one after the other, each while its parent is suspended (CLONE_VFORK), and share the descriptors too
/// (CLONE_FILES), so a pidfd made by one is in the table of all. Nobody else can look into this memory: it is not
/// dumpable, and belongs to the host's user namespace (ptrace(2), access mode checking).
struct Birth {
    const SandboxBuild& build;
    int release_read;
    int release_write;
    int plan;
    int init = -1;  // pidfd of pid 1
    // until the helper says otherwise; one that is killed says nothing
    protocol::StepFailure failure{static_cast<std::uint32_t>(Step::EnterDomain), ECANCELED};
    std::uint32_t step_count = 0;
    protocol::StepTime steps[4]{};
};

/// Runs `work` in a process of its own on `stack`, and waits for its end. 0 or -errno.
long run_helper(int (*work)(void*), char* stack, Birth& birth) {
    const pid_t pid = ::clone(work, stack + kStackBytes, CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, &birth);
    if (pid < 0) return -errno;
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {}
    return 0;
}

/// Pid 1 before it is hotcell-init: waits for its ids, puts its descriptors in place, execs. The builder runs on
/// meanwhile in the same memory: bare system calls and the own stack only.
int become_init(void* shared) {
    const Birth& birth = *static_cast<const Birth*>(shared);
    const SandboxBuild& build = birth.build;
    (void)raw::call(SYS_close, birth.release_write);  // or its end would never be seen here
    char byte;
    if (raw::read_all(birth.release_read, &byte, 1) < 0) ::_exit(124);
    // first out of the way of the numbers they go to, then there (dup2 also clears close-on-exec)
    std::array<std::pair<int, int>, 24> moved;
    std::size_t count = 0;
    const auto lift = [&](int from, int to) {
        const long high = raw::call(SYS_fcntl, from, F_DUPFD_CLOEXEC, 200);
        if (high < 0 || count == moved.size()) ::_exit(124);
        moved[count++] = {static_cast<int>(high), to};
    };
    for (const auto& [from, to] : build.descriptors) lift(from, to);
    lift(birth.plan, protocol::kPlanFd);
    const long image = raw::call(SYS_fcntl, build.init_image, F_DUPFD_CLOEXEC, 200);
    for (std::size_t i = 0; i < count; ++i)
        if (raw::call(SYS_dup3, moved[i].first, moved[i].second, 0) < 0) ::_exit(124);
    const std::uint64_t no_signals = 0;
    (void)raw::call(SYS_rt_sigprocmask, SIG_SETMASK, &no_signals, nullptr, sizeof no_signals);
    // ids first: exec as an id that is not mapped would lose every capability (user_namespaces(7))
    (void)raw::call(SYS_setgroups, 0UL, nullptr);
    (void)raw::call(SYS_setresgid, 0, 0, 0);
    (void)raw::call(SYS_setresuid, 0, 0, 0);
    const char* arguments[] = {"hotcell-init", nullptr};
    const char* environment[] = {nullptr};
    (void)raw::call(SYS_execveat, static_cast<int>(image), "", arguments, environment, AT_EMPTY_PATH);
    ::_exit(124);
}

/// Clones pid 1 of the new namespaces. 0 or -errno; birth.init holds it.
long clone_pid1(Birth& birth, int flags) {
    static char stack[kStackBytes];  // not used again before this pid 1 has exec'ed or died
    const pid_t pid =
        ::clone(become_init, stack + kStackBytes, CLONE_VM | CLONE_PIDFD | kNamespaces | flags, &birth, &birth.init);
    return pid < 0 ? -errno : 0;
}

/// In the domain's pid namespace: pid 1 is cloned from here. The effective ids make the forker the owner of the slot's
/// user namespace; the real and the saved ones stay the host's, or the forker could stop this process by a signal, and
/// with it the builder (kill(2)).
int clone_inside_domain(void* shared) {
    Birth& birth = *static_cast<Birth*>(shared);
    long result = raw::call(SYS_setresgid, -1, HC_USER_ID, -1);
    if (result >= 0) result = raw::call(SYS_setresuid, -1, HC_USER_ID, -1);
    if (result >= 0) result = clone_pid1(birth, SIGCHLD);
    if (result < 0) birth.failure.sys = static_cast<std::int32_t>(-result);
    ::_exit(0);
}

long enter_domain(const SandboxBuild& build) {
    if (const long result = raw::call(SYS_setns, build.root_tree, CLONE_NEWNS); result < 0) return result;
    if (build.domain < 0) return 0;
    return raw::call(SYS_setns, build.domain, CLONE_NEWUSER | CLONE_NEWPID);
}

long clone_init(Birth& birth) {
    // a child of the builder, not of this helper: it is to die with the builder
    if (birth.build.domain < 0) return clone_pid1(birth, CLONE_PARENT);
    static char stack[kStackBytes];
    birth.failure.sys = ECANCELED;
    if (const long result = run_helper(clone_inside_domain, stack, birth); result < 0) return result;
    return birth.init >= 0 ? 0 : -birth.failure.sys;
}

long write_maps(const Birth& birth) {
    const auto pid = linux::pid_of(birth.init, birth.build.proc);
    if (!pid) return -ESRCH;
    for (const char* file : {"/uid_map", "/gid_map"}) {
        const std::string path = std::to_string(*pid) + file;
        const std::string& map = birth.build.id_map;
        const UniqueFd fd(::openat(birth.build.proc, path.c_str(), O_WRONLY | O_CLOEXEC));
        if (!fd) return -errno;
        if (::write(fd.get(), map.data(), map.size()) != static_cast<ssize_t>(map.size())) return -errno;
    }
    return 0;
}

/// The helper on the host: into the domain, pid 1 cloned, its ids mapped.
int help(void* shared) {
    Birth& birth = *static_cast<Birth*>(shared);
    const auto timed = [&](Step step, auto work) {
        birth.failure = {static_cast<std::uint32_t>(step), ECANCELED};
        const std::uint64_t before = monotonic_ns();
        const long result = work();
        birth.steps[birth.step_count++] = {static_cast<std::uint16_t>(step), 0,
                                           static_cast<std::uint32_t>(monotonic_ns() - before)};
        if (result < 0) birth.failure.sys = static_cast<std::int32_t>(-result);
        return result >= 0;
    };
    if (timed(Step::EnterDomain, [&] { return enter_domain(birth.build); }) &&
        timed(Step::CloneNamespaces, [&] { return clone_init(birth); }) &&
        timed(Step::WriteIdMaps, [&] { return write_maps(birth); }))
        birth.failure = {};
    ::_exit(0);
}

protocol::StepFailure failed(Step step, int sys) { return {static_cast<std::uint32_t>(step), sys}; }

/// lo of the new network namespace, and the sockets in it. Not the helper's work: it has left the host's user namespace,
/// and the kernel lets nobody from there name the namespaces of a process that has not exec'ed since.
protocol::StepFailure link_up(const SandboxBuild& build, BuiltSandbox& sandbox) {
    auto sockets = furnish_network(sandbox.init.get(), build.own_network, build.sockets);
    if (!sockets) return failed(Step::LinkUp, sockets.error().sys != 0 ? sockets.error().sys : EIO);
    sandbox.sockets = std::move(*sockets);
    return {};
}

/// The plan in a memfd that nobody can change any more.
UniqueFd seal_plan(std::span<const std::byte> bytes) {
    UniqueFd fd(::memfd_create("hotcell-plan", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd || raw::write_all(fd.get(), bytes.data(), bytes.size()) < 0) return UniqueFd();
    if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
        return UniqueFd();
    return fd;
}

bool wait_readable(int fd, int milliseconds) {
    pollfd entry{fd, POLLIN, 0};
    int n;
    do { n = ::poll(&entry, 1, milliseconds); } while (n < 0 && errno == EINTR);
    return n == 1;
}

protocol::StepTime step_time(Step step, std::uint64_t nanoseconds) {
    return {static_cast<std::uint16_t>(step), 0, static_cast<std::uint32_t>(nanoseconds)};
}

/// Done by pid 1's child, while pid 1 does its own.
bool is_of_child(const protocol::StepTime& step) {
    return step.step >= static_cast<std::uint16_t>(Step::ChildDescriptors) &&
           step.step <= static_cast<std::uint16_t>(Step::ChildExec);
}

/// What pid 1 says when it is done; it closes the boot pipe without a word when it fails before that.
protocol::StepFailure await_report(int boot, protocol::InitReport& report) {
    if (!wait_readable(boot, kBuildDeadlineMs)) return failed(Step::ExecInit, ETIMEDOUT);
    if (raw::read_all(boot, &report, sizeof report) < 0) return failed(Step::ExecInit, ENOEXEC);
    if (report.step_count > protocol::kMostSteps) return report = {}, failed(Step::ExecInit, EPROTO);
    return report.failure;
}

}  // namespace

BuildOutcome build_sandbox(const SandboxBuild& build) {
    BuildOutcome outcome;
    int release[2];
    int boot[2];
    const UniqueFd plan = seal_plan(build.plan);
    if (!plan) return {{}, failed(Step::MakePipes, errno)};
    if (::pipe2(release, O_CLOEXEC) != 0) return {{}, failed(Step::MakePipes, errno)};
    UniqueFd release_read(release[0]);
    UniqueFd release_write(release[1]);
    if (::pipe2(boot, O_CLOEXEC) != 0) return {{}, failed(Step::MakePipes, errno)};
    const UniqueFd boot_read(boot[0]);
    UniqueFd boot_write(boot[1]);

    SandboxBuild with_boot = build;
    with_boot.descriptors.emplace_back(boot_write.get(), protocol::kBootFd);
    Birth birth{with_boot, release_read.get(), release_write.get(), plan.get()};
    static char stack[kStackBytes];
    if (const long result = run_helper(help, stack, birth); result < 0)
        return {{}, failed(Step::EnterDomain, static_cast<int>(-result))};
    release_read.reset();
    boot_write.reset();
    BuiltSandbox& sandbox = outcome.sandbox;
    sandbox.init = UniqueFd(birth.init);
    outcome.failure = birth.failure;
    sandbox.steps.assign(birth.steps, birth.steps + birth.step_count);

    if (outcome.failure.step == 0) {
        const std::uint64_t before = monotonic_ns();
        // pid 1 goes on while its link is set up
        (void)raw::write_all(release_write.get(), "x", 1);
        outcome.failure = link_up(build, sandbox);
        sandbox.steps.push_back(step_time(Step::LinkUp, monotonic_ns() - before));
        if (outcome.failure.step == 0) outcome.failure = await_report(boot_read.get(), sandbox.report);
        std::uint64_t inside = 0;
        for (std::uint32_t i = 0; i < sandbox.report.step_count; ++i)
            if (!is_of_child(sandbox.report.steps[i])) inside += sandbox.report.steps[i].nanoseconds;
        const std::uint64_t all = monotonic_ns() - before;
        sandbox.steps.push_back(step_time(Step::ExecInit, all > inside ? all - inside : 0));
        for (std::uint32_t i = 0; i < sandbox.report.step_count; ++i) sandbox.steps.push_back(sandbox.report.steps[i]);
    }
    if (outcome.failure.step != 0 && sandbox.init) {
        linux::kill_process(sandbox.init.get());
        (void)linux::wait_for_end(sandbox.init.get(), kBuildDeadlineMs);
        sandbox.init.reset();
    }
    return outcome;
}

}  // namespace hotcell::warden
