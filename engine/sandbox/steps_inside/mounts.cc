#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include <array>

#include "engine/linux/raw/calls.h"
#include "engine/sandbox/steps_inside/steps.h"

namespace hotcell::sandbox::inside {

namespace raw = hotcell::linux::raw;

namespace {

constexpr std::array kCovered = {
    "/proc/kcore",       "/proc/keys",       "/proc/key-users",     "/proc/kallsyms",    "/proc/timer_list",
    "/proc/sched_debug", "/proc/interrupts", "/proc/slabinfo",      "/proc/vmallocinfo", "/proc/acpi",
    "/proc/asound",      "/proc/scsi",       "/proc/latency_stats", "/proc/kmsg",        "/proc/pressure",
    "/proc/config.gz",   "/proc/diskstats",  "/proc/swaps",         "/proc/modules",     "/proc/iomem",
    "/proc/ioports",     "/proc/kpagecount", "/proc/kpageflags",    "/proc/kpagecgroup", "/proc/cmdline",
    "/proc/partitions",  "/proc/mdstat",     "/proc/timer_stats",
};
constexpr std::array kReadOnly = {"/proc/sys", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sysrq-trigger"};

long mount_at(const char* source, const char* target, const char* type, unsigned long flags, const char* data) {
    return ::mount(source, target, type, flags, data) == 0 ? 0 : -errno;
}

/// The file system type at `path` must be what we just mounted there.
long expect_file_system(const char* path, long magic) {
    struct statfs seen {};
    if (::statfs(path, &seen) != 0) return -errno;
    return static_cast<long>(seen.f_type) == magic ? 0 : -EXDEV;
}

/// Appends the decimal digits of `value`.
char* append_number(char* out, std::uint64_t value) {
    char digits[20];
    int n = 0;
    do {
        digits[n++] = static_cast<char>('0' + value % 10);
        value /= 10;
    } while (value != 0);
    while (n > 0) *out++ = digits[--n];
    return out;
}
char* append_text(char* out, const char* text) {
    while (*text != '\0') *out++ = *text++;
    return out;
}

}  // namespace

long mount_proc(const InitPlan&) {
    const long result = mount_at("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "hidepid=2");
    return result < 0 ? result : expect_file_system("/proc", PROC_SUPER_MAGIC);
}

long mask_proc(const InitPlan&) {
    for (const char* path : kCovered) {
        struct stat seen {};
        if (::lstat(path, &seen) != 0) {
            if (errno == ENOENT) continue;
            return -errno;
        }
        const char* cover = S_ISDIR(seen.st_mode) ? "/.mask/directory" : "/.mask/file";
        if (const long result = mount_at(cover, path, nullptr, MS_BIND, nullptr); result < 0) return result;
    }
    for (const char* path : kReadOnly) {
        const long tree = raw::open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
        if (tree == -ENOENT) continue;
        if (tree < 0) return tree;
        const int fd = static_cast<int>(tree);
        constexpr auto kFlags = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
        long result = raw::mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, kFlags, 0);
        if (result >= 0) result = raw::move_mount(fd, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH);
        ::close(fd);
        if (result < 0) return result;
    }
    return 0;
}

long mount_tmp(const InitPlan& plan) {
    char options[96];
    char* end = append_text(options, "mode=1777,size=");
    end = append_number(end, plan.tmp_bytes);
    end = append_text(end, ",nr_inodes=");
    end = append_number(end, plan.tmp_inodes);
    *end = '\0';
    const long result = mount_at("tmp", "/rw/tmp", "tmpfs", MS_NOSUID | MS_NODEV, options);
    return result < 0 ? result : expect_file_system("/rw/tmp", TMPFS_MAGIC);
}

}  // namespace hotcell::sandbox::inside
