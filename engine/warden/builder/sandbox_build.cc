#include "engine/warden/builder/sandbox_build.h"

#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <array>
#include <cstdlib>
#include <initializer_list>

#include "engine/base/clock.h"
#include "engine/linux/netlink/link.h"
#include "engine/linux/process/pidfd.h"
#include "engine/linux/raw/calls.h"
#include "engine/linux/raw/fd_passing.h"
#include "engine/protocol/forker.h"

namespace hotcell::warden {

namespace raw = linux::raw;
using linux::UniqueFd;
using protocol::Step;

namespace {

constexpr std::uint64_t kNamespaces =
    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
constexpr int kBuildDeadlineMs = 5'000;

/// What the helper on the host says at the end, with the pidfd of pid 1 unless it failed early.
struct HelperReport {
    protocol::StepFailure failure;
    std::uint32_t step_count;
    protocol::StepTime steps[8];
};

/// Pid 1 before it is hotcell-init: waits for its ids, puts its descriptors in place, execs. Never returns.
[[noreturn]] void become_init(const SandboxBuild& build, int release, int plan) {
    char byte;
    if (raw::read_all(release, &byte, 1) < 0) ::_exit(124);
    // first out of the way of the numbers they go to, then there (dup2 also clears close-on-exec)
    std::array<std::pair<int, int>, 24> moved;
    std::size_t count = 0;
    const auto lift = [&](int from, int to) {
        const long high = raw::call(SYS_fcntl, from, F_DUPFD_CLOEXEC, 200);
        if (high < 0 || count == moved.size()) ::_exit(124);
        moved[count++] = {static_cast<int>(high), to};
    };
    for (const auto& [from, to] : build.descriptors) lift(from, to);
    lift(plan, protocol::kPlanFd);
    const long image = raw::call(SYS_fcntl, build.init_image, F_DUPFD_CLOEXEC, 200);
    for (std::size_t i = 0; i < count; ++i)
        if (raw::call(SYS_dup3, moved[i].first, moved[i].second, 0) < 0) ::_exit(124);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    // ids first: exec as an id that is not mapped would lose every capability (user_namespaces(7))
    (void)raw::call(SYS_setgroups, 0UL, nullptr);
    (void)raw::call(SYS_setresgid, 0, 0, 0);
    (void)raw::call(SYS_setresuid, 0, 0, 0);
    const char* arguments[] = {"hotcell-init", nullptr};
    const char* environment[] = {nullptr};
    (void)raw::call(SYS_execveat, static_cast<int>(image), "", arguments, environment, AT_EMPTY_PATH);
    ::_exit(124);
}

class HelperWork {
public:
    HelperWork(const SandboxBuild& build, int say, int release_read, int plan)
        : build_(build), say_(say), release_read_(release_read), plan_(plan) {}

    long perform(int& init) {
        return timed(Step::EnterDomain, [&] { return enter_domain(); }) ||
                       timed(Step::CloneNamespaces, [&] { return clone(init); }) ||
                       timed(Step::WriteIdMaps, [&] { return write_maps(init); })
                   ? -1
                   : 0;
    }
    HelperReport report{};

private:
    template <class Work>
    bool timed(Step step, Work work) {
        const std::uint64_t before = monotonic_ns();
        const long result = work();
        report.steps[report.step_count++] = {static_cast<std::uint16_t>(step), 0,
                                             static_cast<std::uint32_t>(monotonic_ns() - before)};
        if (result >= 0) return false;
        report.failure = {static_cast<std::uint32_t>(step), static_cast<std::int32_t>(-result)};
        return true;
    }

    long enter_domain() {
        if (const long result = raw::call(SYS_setns, build_.root_tree, CLONE_NEWNS); result < 0) return result;
        if (build_.domain < 0) return 0;
        return raw::call(SYS_setns, build_.domain, CLONE_NEWUSER | CLONE_NEWPID);
    }

    long clone(int& init) {
        if (build_.domain >= 0) return clone_inside_domain(init);
        // a child of the builder, not of this helper: it is to die with the builder
        const long pid = raw::clone_process(kNamespaces | CLONE_PIDFD | CLONE_PARENT, &init, 0);
        if (pid == 0) be_born({say_});
        return pid;
    }

    /// A child born in the domain's pid namespace takes the forker's id and clones: that id becomes the owner.
    long clone_inside_domain(int& init) {
        int pair[2];
        if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return -errno;
        const long second = raw::clone_process(0, nullptr, SIGCHLD);
        if (second < 0) return second;
        if (second == 0) {
            ::close(say_);
            long result = raw::call(SYS_setresgid, HC_USER_ID, HC_USER_ID, HC_USER_ID);
            if (result >= 0) result = raw::call(SYS_prctl, PR_SET_KEEPCAPS, 1UL, 0UL, 0UL, 0UL);
            if (result >= 0) result = raw::call(SYS_setresuid, HC_USER_ID, HC_USER_ID, HC_USER_ID);
            int pidfd = -1;
            if (result >= 0) result = raw::clone_process(kNamespaces | CLONE_PIDFD, &pidfd, SIGCHLD);
            if (result == 0) be_born({pair[0], pair[1]});
            const auto word = static_cast<std::int32_t>(result < 0 ? result : 0);
            (void)raw::send_with_fds(pair[1], &word, sizeof word, &pidfd, result < 0 ? 0 : 1);
            ::_exit(0);
        }
        ::close(pair[1]);
        std::int32_t word = -EPIPE;
        int fds[raw::kMostPassedFds];
        int count = 0;
        const long heard = raw::receive_with_fds(pair[0], &word, sizeof word, fds, count);
        ::close(pair[0]);
        // pid 1 must have been handed to the domain's init before it asks to die with its parent
        (void)raw::call(SYS_wait4, second, nullptr, __WALL, nullptr);
        if (heard != sizeof word) return -EPIPE;
        if (word < 0 || count != 1) return word < 0 ? word : -EPIPE;
        init = fds[0];
        return 0;
    }

    long write_maps(int init) const {
        // this helper's /proc is the root tree's: the host's pids
        const long proc = raw::call(SYS_openat, AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
        if (proc < 0) return proc;
        const auto pid = linux::pid_of(init, static_cast<int>(proc));
        if (!pid) return -ESRCH;
        for (const char* file : {"/uid_map", "/gid_map"}) {
            const std::string path = std::to_string(*pid) + file;
            const long fd = raw::call(SYS_openat, static_cast<int>(proc), path.c_str(), O_WRONLY | O_CLOEXEC, 0);
            if (fd < 0) return fd;
            const long written = raw::call(SYS_write, static_cast<int>(fd), build_.id_map.data(), build_.id_map.size());
            ::close(static_cast<int>(fd));
            if (written < 0) return written;
        }
        return 0;
    }

    /// Pid 1 must hold no end of what others wait on: when one of them is killed, that is to be seen at once.
    [[noreturn]] void be_born(std::initializer_list<int> not_ours) const {
        for (const int fd : not_ours) ::close(fd);
        become_init(build_, release_read_, plan_);
    }

    const SandboxBuild& build_;
    int say_;
    int release_read_;
    int plan_;
};

[[noreturn]] void be_helper(const SandboxBuild& build, int say, int release_read, int plan) {
    HelperWork work(build, say, release_read, plan);
    int init = -1;
    (void)work.perform(init);
    (void)raw::send_with_fds(say, &work.report, sizeof work.report, &init, init >= 0 ? 1 : 0);
    ::_exit(0);
}

protocol::StepFailure failed(Step step, int sys) { return {static_cast<std::uint32_t>(step), sys}; }

/// lo of the new network namespace, up. The builder goes there itself and comes back: the helper has left the host's
/// user namespace, and the kernel lets nobody from there name the namespaces of a process that has not exec'ed since.
protocol::StepFailure link_up(int init, int own_network) {
    long result = raw::call(SYS_setns, init, CLONE_NEWNET);
    if (result < 0) return failed(Step::LinkUp, static_cast<int>(-result));
    const auto up = linux::set_link_up("lo");
    result = raw::call(SYS_setns, own_network, CLONE_NEWNET);
    if (result < 0) ::abort();  // a builder in a stranger's network serves nobody
    return up ? protocol::StepFailure{} : failed(Step::LinkUp, up.error().sys != 0 ? up.error().sys : EIO);
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

}  // namespace

BuildOutcome build_sandbox(const SandboxBuild& build) {
    BuildOutcome outcome;
    int say[2];
    int release[2];
    int boot[2];
    UniqueFd plan = seal_plan(build.plan);
    if (!plan) return {{}, failed(Step::MakePipes, errno)};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, say) != 0) return {{}, failed(Step::MakePipes, errno)};
    UniqueFd say_ours(say[0]);
    UniqueFd say_theirs(say[1]);
    if (::pipe2(release, O_CLOEXEC) != 0) return {{}, failed(Step::MakePipes, errno)};
    UniqueFd release_read(release[0]);
    UniqueFd release_write(release[1]);
    if (::pipe2(boot, O_CLOEXEC) != 0) return {{}, failed(Step::MakePipes, errno)};
    UniqueFd boot_read(boot[0]);
    UniqueFd boot_write(boot[1]);

    SandboxBuild with_boot = build;
    with_boot.descriptors.emplace_back(boot_write.get(), protocol::kBootFd);
    const pid_t helper = ::fork();
    if (helper < 0) return {{}, failed(Step::EnterDomain, errno)};
    if (helper == 0) {
        release_write.reset();
        be_helper(with_boot, say_theirs.get(), release_read.get(), plan.get());
    }
    say_theirs.reset();
    release_read.reset();
    boot_write.reset();
    HelperReport word{};
    int fds[raw::kMostPassedFds];
    int count = 0;
    long heard = -ETIMEDOUT;
    if (wait_readable(say_ours.get(), kBuildDeadlineMs))
        heard = raw::receive_with_fds(say_ours.get(), &word, sizeof word, fds, count);
    else
        ::kill(helper, SIGKILL);
    ::waitpid(helper, nullptr, 0);
    BuiltSandbox& sandbox = outcome.sandbox;
    if (count > 0) sandbox.init = UniqueFd(fds[0]);
    if (heard != static_cast<long>(sizeof word))
        outcome.failure = failed(Step::EnterDomain, EPIPE);
    else
        outcome.failure = word.failure;
    sandbox.steps.assign(word.steps, word.steps + word.step_count);

    if (outcome.failure.step == 0) {
        const std::uint64_t before = monotonic_ns();
        outcome.failure = link_up(sandbox.init.get(), build.own_network);
        sandbox.steps.push_back(
            {static_cast<std::uint16_t>(Step::LinkUp), 0, static_cast<std::uint32_t>(monotonic_ns() - before)});
    }
    if (outcome.failure.step == 0) {
        // pid 1 goes on; it answers on the boot pipe or, failing before that, closes it
        const std::uint64_t before = monotonic_ns();
        (void)raw::write_all(release_write.get(), "x", 1);
        if (!wait_readable(boot_read.get(), kBuildDeadlineMs))
            outcome.failure = failed(Step::ExecInit, ETIMEDOUT);
        else if (raw::read_all(boot_read.get(), &sandbox.report, sizeof sandbox.report) < 0)
            outcome.failure = failed(Step::ExecInit, ENOEXEC);
        else
            outcome.failure = sandbox.report.failure;
        std::uint64_t inside = 0;
        for (std::uint32_t i = 0; i < sandbox.report.step_count; ++i) inside += sandbox.report.steps[i].nanoseconds;
        const std::uint64_t all = monotonic_ns() - before;
        sandbox.steps.push_back({static_cast<std::uint16_t>(Step::ExecInit), 0,
                                 static_cast<std::uint32_t>(all > inside ? all - inside : 0)});
        for (std::uint32_t i = 0; i < sandbox.report.step_count && i < protocol::kMostSteps; ++i)
            sandbox.steps.push_back(sandbox.report.steps[i]);
    }
    if (outcome.failure.step != 0 && sandbox.init) {
        linux::kill_process(sandbox.init.get());
        (void)linux::wait_for_end(sandbox.init.get(), kBuildDeadlineMs);
        sandbox.init.reset();
    }
    return outcome;
}

}  // namespace hotcell::warden
