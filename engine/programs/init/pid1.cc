#include "engine/programs/init/pid1.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include <initializer_list>

#include "engine/linux/raw/calls.h"
#include "engine/programs/init/executor.h"
#include "engine/protocol/front_builder.h"
#include "engine/protocol/init_plan.h"
#include "engine/sandbox/steps_inside/steps.h"

namespace hotcell::init {

namespace raw = hotcell::linux::raw;
namespace inside = hotcell::sandbox::inside;
using protocol::InitChild;
using protocol::InitPlan;
using protocol::InitReport;
using protocol::Step;

namespace {

InitReport report;

std::uint64_t monotonic_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000ULL + static_cast<std::uint64_t>(now.tv_nsec);
}

long perform_child_step(const InitPlan& plan, Step step) {
    switch (step) {
        case Step::ChildDescriptors: return inside::child_descriptors(plan);
        case Step::ChildIds: return inside::child_ids(plan);
        case Step::ChildCapabilities: return inside::child_capabilities(plan);
        case Step::ChildNoNewPrivileges: return inside::no_new_privileges(plan);
        case Step::ChildLandlock: return inside::child_landlock(plan, report.landlock_abi);
        case Step::ChildFilter: return inside::child_filter(plan);
        default: return -EINVAL;
    }
}

/// Runs a list of steps, timing each into `report`. Stops at the first that fails.
template <class Perform>
bool perform_all(const std::uint16_t* steps, std::uint32_t count, Perform perform) {
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint64_t before = monotonic_ns();
        const long result = perform(static_cast<Step>(steps[i]));
        const std::uint64_t after = monotonic_ns();
        if (report.step_count < protocol::kMostSteps)
            report.steps[report.step_count++] = {steps[i], 0, static_cast<std::uint32_t>(after - before)};
        if (result < 0) {
            // unless the step has named another, the child's
            if (report.failure.step == 0) report.failure = {steps[i], static_cast<std::int32_t>(-result)};
            return false;
        }
    }
    return true;
}

[[noreturn]] void be_forker(const InitPlan& plan) {
    static char* pointers[2 * 24 + 2];
    auto* at = const_cast<char*>(reinterpret_cast<const char*>(&plan)) + plan.strings_at;
    std::uint32_t n = 0;
    char** environment = pointers;
    for (std::uint32_t i = 0; i < plan.argument_count + plan.environment_count && n < 48; ++i) {
        if (i == plan.argument_count) {
            pointers[n++] = nullptr;
            environment = pointers + n;
        }
        pointers[n++] = at;
        while (*at != '\0') ++at;
        ++at;
    }
    pointers[n] = nullptr;
    if (environment == pointers) environment = pointers + n;
    (void)raw::call(SYS_execve, pointers[0], pointers, environment);
    ::_exit(127);
}

/// To the child, while it is on its way: its report comes up, one byte goes down when this process is done.
int child_socket = -1;

/// In the child: its steps, its report, then what it is for. An executor waits for a request, which nobody can send
/// before pid 1 has reported; a forker waits for pid 1.
[[noreturn]] void be_child(const InitPlan& plan, int parent) {
    report = InitReport{};
    const bool ok =
        perform_all(plan.child_steps, plan.child_step_count, [&](Step step) { return perform_child_step(plan, step); });
    (void)raw::write_all(parent, &report, sizeof report);
    char byte;
    if (!ok || (plan.child == InitChild::Forker && raw::read_all(parent, &byte, 1) < 0)) ::_exit(126);
    ::close(parent);
    if (plan.child == InitChild::Executor) wait_and_exec();
    be_forker(plan);
}

long fork_child(const InitPlan& plan) {
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return -errno;
    const long pid = raw::clone_process(0, nullptr, SIGCHLD);
    if (pid < 0) return pid;
    if (pid == 0) be_child(plan, pair[1]);
    ::close(pair[1]);
    child_socket = pair[0];
    report.child_pid = static_cast<std::uint32_t>(pid);
    return 0;
}

long await_child(const InitPlan& plan) {
    InitReport of_child{};
    if (const long result = raw::read_all(child_socket, &of_child, sizeof of_child); result < 0) return result;
    report.landlock_abi = of_child.landlock_abi;
    for (std::uint32_t i = 0; i < of_child.step_count && report.step_count < protocol::kMostSteps; ++i)
        report.steps[report.step_count++] = of_child.steps[i];
    report.failure = of_child.failure;
    if (of_child.failure.step != 0) return -of_child.failure.sys;
    if (plan.child == InitChild::Forker && ::send(child_socket, "x", 1, MSG_NOSIGNAL) != 1) return -errno;
    ::close(child_socket);
    return 0;
}

long perform_step(const InitPlan& plan, Step step) {
    switch (step) {
        case Step::TakeIds: return inside::take_ids(plan);
        case Step::JoinCgroups: return inside::join_cgroups(plan);
        case Step::UnshareCgroupNamespace: return inside::unshare_cgroup_namespace(plan);
        case Step::SetHostName: return inside::set_host_name(plan);
        case Step::MountProc: return inside::mount_proc(plan);
        case Step::MaskProc: return inside::mask_proc(plan);
        case Step::MountTmp: return inside::mount_tmp(plan);
        case Step::SetLimits: return inside::set_limits(plan);
        case Step::DropBoundingSet: return inside::drop_bounding_set(plan);
        case Step::ForkChild: return fork_child(plan);
        case Step::AwaitChild: return await_child(plan);
        case Step::DropCapabilities: return inside::drop_capabilities(plan);
        case Step::NoNewPrivileges: return inside::no_new_privileges(plan);
        case Step::LoadFilter: return inside::load_init_filter(plan);
        default: return -EINVAL;
    }
}

/// Reaps for ever; each end is one datagram. A front that does not read (or is gone) stalls nothing.
[[noreturn]] void reap() {
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    for (;;) {
        int status = 0;
        rusage usage{};
        const long pid = raw::call(SYS_wait4, -1, &status, __WALL, &usage);
        if (pid == -ECHILD) {
            int signal = 0;
            ::sigwait(&children, &signal);  // blocked since the start: an end between wait4 and here is not missed
            continue;
        }
        if (pid < 0) continue;
        const protocol::ExitReport end{static_cast<std::uint32_t>(pid), status,
                                       static_cast<std::uint64_t>(usage.ru_utime.tv_sec) * 1'000'000 +
                                           static_cast<std::uint64_t>(usage.ru_utime.tv_usec),
                                       static_cast<std::uint64_t>(usage.ru_stime.tv_sec) * 1'000'000 +
                                           static_cast<std::uint64_t>(usage.ru_stime.tv_usec),
                                       static_cast<std::uint64_t>(usage.ru_maxrss) * 1024};
        (void)raw::call(SYS_sendto, protocol::kStatusFd, &end, sizeof end, MSG_NOSIGNAL | MSG_DONTWAIT, nullptr, 0);
    }
}

const InitPlan* map_plan() {
    struct stat file {};
    if (::fstat(protocol::kPlanFd, &file) != 0 || file.st_size < static_cast<off_t>(sizeof(InitPlan))) return nullptr;
    void* at = ::mmap(nullptr, static_cast<std::size_t>(file.st_size), PROT_READ, MAP_PRIVATE, protocol::kPlanFd, 0);
    if (at == MAP_FAILED) return nullptr;
    const auto* plan = static_cast<const InitPlan*>(at);
    const bool sound =
        plan->version == protocol::kInitPlanVersion && plan->size == static_cast<std::uint64_t>(file.st_size);
    return sound ? plan : nullptr;
}

}  // namespace

int run_pid1() {
    const InitPlan* plan = map_plan();
    if (plan == nullptr) return 125;
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &children, nullptr);
    const bool ok = perform_all(plan->steps, plan->step_count, [&](Step step) { return perform_step(*plan, step); });
    (void)raw::write_all(protocol::kBootFd, &report, sizeof report);
    if (!ok) return 126;
    // 0, 1, 2 and the channel belong to the child alone: their other ends must see it go
    for (const int fd : {0, 1, 2, static_cast<int>(protocol::kChannelFd), static_cast<int>(protocol::kBootFd),
                         static_cast<int>(protocol::kArmFd)})
        ::close(fd);
    reap();
}

}  // namespace hotcell::init
