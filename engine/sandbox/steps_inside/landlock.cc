#include "engine/linux/raw/calls.h"
#include "engine/sandbox/steps_inside/steps.h"

namespace hotcell::sandbox::inside {

namespace raw = hotcell::linux::raw;

namespace {

constexpr std::uint64_t kReadExecute =
    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_EXECUTE;

// Newer than the headers of Debian 12; numbers from the kernel's uapi/linux/landlock.h.
constexpr std::uint64_t kTruncate = 1ULL << 14;     // ABI 3
constexpr std::uint64_t kIoctlDevice = 1ULL << 15;  // ABI 5
struct RulesetAttributes {
    std::uint64_t handled_access_fs;
    std::uint64_t handled_access_net;  // ABI 4
    std::uint64_t scoped;              // ABI 6: abstract Unix sockets (1), signals (2)
};

std::uint64_t all_access(long abi) {
    std::uint64_t access = (1ULL << 13) - 1;  // ABI 1
    if (abi >= 2) access |= 1ULL << 13;       // REFER
    if (abi >= 3) access |= kTruncate;
    if (abi >= 5) access |= kIoctlDevice;
    return access;
}

long allow_beneath(int ruleset, const char* path, std::uint64_t access) {
    const long fd = raw::call(SYS_openat, AT_FDCWD, path, O_PATH | O_CLOEXEC, 0);
    if (fd < 0) return fd;
    landlock_path_beneath_attr rule{};
    rule.allowed_access = access;
    rule.parent_fd = static_cast<int>(fd);
    const long result = raw::call(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    ::close(static_cast<int>(fd));
    return result;
}

}  // namespace

long child_landlock(const InitPlan& plan, std::uint32_t& abi) {
    const long offered = raw::call(SYS_landlock_create_ruleset, nullptr, 0UL, LANDLOCK_CREATE_RULESET_VERSION);
    abi = offered > 0 ? static_cast<std::uint32_t>(offered) : 0;
    if (abi < plan.require_landlock) return -EOPNOTSUPP;
    if (abi == 0) return 0;  // reported, not silent: InitReport::landlock_abi
    const std::uint64_t all = all_access(offered);
    RulesetAttributes attributes{all, 0, offered >= 6 ? 3ULL : 0ULL};
    const std::size_t size = offered >= 6 ? 24 : offered >= 4 ? 16 : 8;
    const long ruleset = raw::call(SYS_landlock_create_ruleset, &attributes, size, 0);
    if (ruleset < 0) return ruleset;
    const int fd = static_cast<int>(ruleset);
    const std::uint64_t device =
        (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | kTruncate | kIoctlDevice) & all;
    long result = allow_beneath(fd, "/", kReadExecute);
    // the rule sits on the parent of the mount point: a walk upwards passes over the covered directory itself
    if (result >= 0) result = allow_beneath(fd, "/rw", all);
    if (result >= 0) result = allow_beneath(fd, "/dev", device);
    if (result >= 0) result = raw::call(SYS_landlock_restrict_self, fd, 0);
    ::close(fd);
    return result;
}

}  // namespace hotcell::sandbox::inside
