#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <sys/resource.h>

#include <cstring>

#include "engine/linux/raw/calls.h"
#include "engine/protocol/channel.h"
#include "engine/protocol/forker.h"
#include "engine/sandbox/steps_inside/steps.h"

namespace hotcell::sandbox::inside {

namespace raw = hotcell::linux::raw;

namespace {

long load_filter(const InitPlan& plan, std::uint32_t at, std::uint32_t length) {
    // the plan is mapped as one piece; offsets are from its start
    const auto* base = reinterpret_cast<const char*>(&plan);
    sock_fprog program{};
    program.len = static_cast<unsigned short>(length);
    program.filter = reinterpret_cast<sock_filter*>(const_cast<char*>(base + at));
    return raw::call(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0UL, &program);
}

long set_ids(unsigned id) {
    if (const long result = raw::call(SYS_setgroups, 0UL, nullptr); result < 0) return result;
    if (const long result = raw::call(SYS_setresgid, id, id, id); result < 0) return result;
    return raw::call(SYS_setresuid, id, id, id);
}

}  // namespace

long take_ids(const InitPlan&) {
    if (const long result = set_ids(0); result < 0) return result;
    // dies with its parent, the builder or the domain's pid 1; a change of ids would clear it, so it comes after
    return raw::call(SYS_prctl, PR_SET_PDEATHSIG, 9UL, 0UL, 0UL, 0UL);
}

long join_cgroups(const InitPlan& plan) {
    for (std::uint32_t i = 0; i < plan.attach_fds; ++i) {
        const int fd = protocol::kFirstAttachFd + static_cast<int>(i);
        if (const long result = raw::write_all(fd, "0", 1); result < 0) return result;
        ::close(fd);
    }
    return 0;
}

long unshare_cgroup_namespace(const InitPlan&) { return raw::call(SYS_unshare, CLONE_NEWCGROUP); }

long set_host_name(const InitPlan& plan) {
    return raw::call(SYS_sethostname, plan.host_name, ::strnlen(plan.host_name, sizeof plan.host_name));
}

long set_limits(const InitPlan& plan) {
    const long fd = raw::call(SYS_openat, AT_FDCWD, "/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC, 0);
    if (fd < 0) return fd;
    char text[8] = {};
    int length = 0;
    for (int score = plan.oom_score_adj, place = 1000; place > 0; place /= 10) {
        if (score >= place || length > 0 || place == 1) text[length++] = static_cast<char>('0' + score / place % 10);
    }
    const long written = raw::write_all(static_cast<int>(fd), text, static_cast<std::size_t>(length));
    ::close(static_cast<int>(fd));
    if (written < 0) return written;
    for (std::uint32_t i = 0; i < plan.limit_count; ++i) {
        // a host that allows less already is stricter than the plan, and may not be asked for more (setrlimit(2))
        rlimit host{};
        long result = raw::call(SYS_prlimit64, 0, plan.limits[i].resource, nullptr, &host);
        if (result < 0) return result;
        const rlim_t value = plan.limits[i].value < host.rlim_max ? plan.limits[i].value : host.rlim_max;
        const rlimit limit{value, value};
        result = raw::call(SYS_prlimit64, 0, plan.limits[i].resource, &limit, nullptr);
        if (result < 0) return result;
    }
    return 0;
}

long drop_bounding_set(const InitPlan&) {
    constexpr unsigned long kBits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
                                    SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
                                    SECBIT_NO_SETUID_FIXUP_LOCKED;
    if (const long result = raw::call(SYS_prctl, PR_SET_SECUREBITS, kBits, 0UL, 0UL, 0UL); result < 0) return result;
    return raw::drop_bounding_set();
}

long drop_capabilities(const InitPlan&) { return raw::clear_capabilities(); }

long no_new_privileges(const InitPlan&) { return raw::call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL); }

long load_init_filter(const InitPlan& plan) { return load_filter(plan, plan.init_filter_at, plan.init_filter_length); }

long child_descriptors(const InitPlan& plan) {
    if (plan.child == protocol::InitChild::Forker) {
        // control already is 3; the arm pipe takes the place of the boot pipe
        const long result = raw::call(SYS_dup3, protocol::kArmFd, HC_FORKER_ARM_FD, 0);
        return result < 0 ? result : raw::close_range(HC_FORKER_ARM_FD + 1, ~0U, 1U << 2 /* CLOSE_RANGE_CLOEXEC */);
    }
    const long result = raw::call(SYS_fcntl, protocol::kChannelFd, F_SETFD, FD_CLOEXEC);
    return result < 0 ? result : raw::close_range(HC_CHANNEL_FD + 1, ~0U, 1U << 2);
}

long child_ids(const InitPlan&) {
    const long result = set_ids(HC_USER_ID);
    if (result < 0) return result;
    // a change of ids makes a process undumpable; its /proc/self belongs to itself again from here
    return raw::call(SYS_prctl, PR_SET_DUMPABLE, 1UL, 0UL, 0UL, 0UL);
}

long child_capabilities(const InitPlan&) { return raw::clear_capabilities(); }

long child_filter(const InitPlan& plan) { return load_filter(plan, plan.child_filter_at, plan.child_filter_length); }

}  // namespace hotcell::sandbox::inside
