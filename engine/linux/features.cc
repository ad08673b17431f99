#include "engine/linux/features.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>

#include "engine/linux/cgroup/layout.h"

namespace hotcell::linux {

namespace {

Feature yes(std::string name, std::string reason) { return {std::move(name), "yes", std::move(reason), {}}; }
Feature no(std::string name, std::string reason, std::string hint) {
    return {std::move(name), "no", std::move(reason), std::move(hint)};
}
Feature degraded(std::string name, std::string reason, std::string hint) {
    return {std::move(name), "degraded", std::move(reason), std::move(hint)};
}

std::string name_of_errno(int sys) {
    const char* name = ::strerrorname_np(sys);
    return name != nullptr ? name : std::to_string(sys);
}

/// The first word of a file, or nothing.
std::string word_in(const char* path) {
    std::ifstream file(path);
    std::string word;
    file >> word;
    return word;
}

/// errno of a call made with arguments that no kernel accepts; ENOSYS is one that the kernel does not know.
template <class... Args>
int refusal_of(long number, Args... args) {
    const long value = ::syscall(number, args...);
    if (value < 0) return errno;
    ::close(static_cast<int>(value));
    return 0;
}

/// A call the kernel knows answers EINVAL, EBADF or the like; ENOSYS is unknown, EPERM forbidden by a filter.
Feature describe_call(const char* name, int refusal, const char* since) {
    if (refusal == ENOSYS) return no(name, "the kernel does not know this call", std::string("needs Linux ") + since);
    if (refusal == EPERM)
        return no(name, "this process may not make the call", "a seccomp filter of the container forbids it");
    return yes(name, "the kernel has the call");
}

Feature describe_kernel() {
    utsname system{};
    ::uname(&system);
    return yes("kernel", std::string(system.sysname) + " " + system.release + " " + system.machine);
}

Feature describe_privilege() {
    if (::geteuid() == 0) return yes("root", "this process runs as root");
    return no("root", "this process runs as uid " + std::to_string(::geteuid()),
              "start hotcelld as root: it gives up what it does not need");
}

Feature describe_cgroups() {
    const auto layout = cgroup::find_layout();
    if (!layout) return no("cgroups", layout.error().message(), layout.error().hint);
    Feature feature = yes("cgroups", std::string(cgroup::name_of(layout->driver)) + ": " + layout->reason);
    if (layout->driver == cgroup::Driver::V1) {
        feature.state = "degraded";
        feature.hint = "with a cgroup2 mount beside the v1 controllers, freezing and killing are quicker";
    }
    return feature;
}

Feature describe_landlock() {
    const std::uint32_t abi = landlock_abi();
    if (abi > 0) return yes("landlock", "ABI " + std::to_string(abi));
    const int refusal = refusal_of(SYS_landlock_create_ruleset, nullptr, 0UL, LANDLOCK_CREATE_RULESET_VERSION);
    if (refusal == EOPNOTSUPP)
        return degraded("landlock", "the kernel has it, but it was not enabled at boot", "boot with landlock in lsm=");
    return degraded("landlock", "the kernel does not have it", "needs Linux 5.13 with CONFIG_SECURITY_LANDLOCK");
}

Feature describe_seccomp() {
    const std::uint32_t action = SECCOMP_RET_KILL_PROCESS;
    if (::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0U, &action) == 0)
        return yes("seccomp", "filters that kill the process");
    return no("seccomp", "the kernel refuses: " + name_of_errno(errno), "needs CONFIG_SECCOMP_FILTER");
}

/// Whether root may make them, which is what the engine does; users without privilege may still be refused.
Feature describe_user_namespaces() {
    if (::access("/proc/self/ns/user", F_OK) != 0)
        return no("user-namespaces", "the kernel has none", "needs CONFIG_USER_NS");
    const std::string most = word_in("/proc/sys/user/max_user_namespaces");
    if (most == "0")
        return no("user-namespaces", "user.max_user_namespaces is 0", "sysctl user.max_user_namespaces=15000");
    return yes("user-namespaces", "at most " + (most.empty() ? "an unknown number" : most) + " per user");
}

Feature describe_namespaces() {
    std::string missing;
    for (const char* kind : {"pid", "mnt", "net", "ipc", "uts", "cgroup"})
        if (::access((std::string("/proc/self/ns/") + kind).c_str(), F_OK) != 0) missing += std::string(" ") + kind;
    if (missing.empty()) return yes("namespaces", "pid, mount, network, ipc, uts and cgroup");
    return no("namespaces", "the kernel lacks:" + missing,
              "needs CONFIG_NAMESPACES with all its kinds, and /proc mounted");
}

/// Whether a file system is registered; one that is a module is only known once it has been loaded.
Feature describe_file_system(const char* name) {
    std::ifstream list("/proc/filesystems");
    for (std::string line; std::getline(list, line);) {
        std::istringstream words(line);
        std::string last;
        for (std::string word; words >> word;) last = word;
        if (last == name) return yes(name, "registered");
    }
    return degraded(name, "not in /proc/filesystems",
                    std::string("modprobe ") + name + ", if the kernel has it as a module");
}

Feature describe_swap() {
    std::ifstream list("/proc/swaps");
    std::string line;
    std::getline(list, line);  // the heading
    if (!std::getline(list, line)) return yes("swap", "the machine has none, so no sandbox can use it");
    return degraded("swap", "the machine swaps: memory of sandboxes may reach the disk where swap is not accounted",
                    "swapoff -a, or encrypt it");
}

}  // namespace

std::uint32_t landlock_abi() {
    const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0UL, LANDLOCK_CREATE_RULESET_VERSION);
    return abi > 0 ? static_cast<std::uint32_t>(abi) : 0;
}

std::vector<Feature> describe_features() {
    // the arguments are out of rule, so that nothing is made: a size of 0, descriptor -1
    const std::array<char, 256> nothing{};
    return {
        describe_kernel(),
        describe_privilege(),
        describe_cgroups(),
        describe_landlock(),
        describe_seccomp(),
        describe_namespaces(),
        describe_user_namespaces(),
        describe_call("clone3", refusal_of(SYS_clone3, nothing.data(), 0UL), "5.3"),
        describe_call("pidfd", refusal_of(SYS_pidfd_open, ::getpid(), 0U), "5.3"),
        describe_call("close_range", refusal_of(SYS_close_range, 1U, 0U, 0U), "5.9"),
        describe_call("openat2", refusal_of(SYS_openat2, -1, "", nothing.data(), 0UL), "5.6"),
        describe_call("open_tree", refusal_of(SYS_open_tree, -1, "", 0U), "5.2"),
        describe_call("move_mount", refusal_of(SYS_move_mount, -1, "", -1, "", 0U), "5.2"),
        describe_call("mount_setattr", refusal_of(SYS_mount_setattr, -1, "", 0U, nothing.data(), 0UL), "5.12"),
        describe_file_system("tmpfs"),
        describe_file_system("overlay"),
        describe_swap(),
    };
}

}  // namespace hotcell::linux
