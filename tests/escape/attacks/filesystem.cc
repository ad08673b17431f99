// A12, A14–A16, A19, B01–B03: files, mounts, devices and what they tell.
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "tests/escape/attacks/attack.h"

namespace hotcell::attacks {

namespace {

std::string read_some(const char* path) {
    const int fd = ::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return {};
    char part[65536];
    std::string text;
    for (ssize_t n; text.size() < (1 << 20) && (n = ::read(fd, part, sizeof part)) > 0;)
        text.append(part, static_cast<std::size_t>(n));
    ::close(fd);
    return text;
}

struct Mount {
    std::string root, place, options, type;
};

std::vector<Mount> mounts() {
    std::vector<Mount> found;
    const std::string text = read_some("/proc/self/mountinfo");
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        const std::string line = text.substr(at, end - at);
        at = end + 1;
        char root[1024], place[1024], options[512];
        if (std::sscanf(line.c_str(), "%*d %*d %*s %1023s %1023s %511s", root, place, options) != 3) continue;
        const std::size_t dash = line.find(" - ");
        const std::string rest = line.substr(dash + 3);
        found.push_back({root, place, options, rest.substr(0, rest.find(' '))});
        if (line.find(" shared:") < dash) achieved("mount %s is shared", place);
    }
    return found;
}

bool has_option(const Mount& mount, const char* option) {
    const std::string all = "," + mount.options + ",";
    return all.find("," + std::string(option) + ",") != std::string::npos;
}

bool is_writable_place(const std::string& place) { return place == "/rw/tmp"; }

/// The host's root directory has this file only when the test made it (the canary of escape_test.cc).
constexpr char kHostCanary[] = "/hotcell-escape-canary";

}  // namespace

void a12_paths_out() {
    struct stat own {};
    ::stat("/", &own);
    std::vector<std::string> ways = {"/proc/self/cwd", "/proc/self/root", "/proc/1/root", "/proc/1/cwd", "/"};
    for (int fd = 0; fd < 64; ++fd) ways.push_back("/proc/self/fd/" + std::to_string(fd));
    for (const std::string& way : ways) {
        for (const char* tail : {"/../../../../../..", "/.."}) {
            struct stat seen {};
            const std::string path = way + tail;
            if (::stat(path.c_str(), &seen) == 0 && ::access((path + kHostCanary).c_str(), F_OK) == 0)
                achieved("%s is the host's root", path.c_str());
        }
    }
    if (::access("/code", F_OK) != 0 && !bare) cannot_try("/code is not there");
}

void a14_tunables() {
    int seen = 0;
    for (const char* path : {"/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sysrq-trigger",
                             "/proc/sys/net/ipv4/ip_forward", "/proc/sys/kernel/ns_last_pid",
                             "/proc/sys/kernel/hotplug", "/proc/sys/vm/overcommit_memory", "/proc/sys/vm/drop_caches",
                             "/proc/sys/fs/file-max", "/proc/sys/fs/protected_symlinks", "/proc/sys/fs/suid_dumpable",
                             "/proc/sys/fs/binfmt_misc/register", "/proc/sys/kernel/randomize_va_space",
                             "/proc/sys/kernel/hostname", "/proc/sys/kernel/domainname", "/proc/self/oom_score_adj"}) {
        if (::access(path, F_OK) == 0) ++seen;
        if (std::strcmp(path, "/proc/self/oom_score_adj") == 0) continue;  // its own, and only upwards
        const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0) continue;
        achieved("open %s for writing", path);
        ::close(fd);
    }
    if (seen < 3) cannot_try("only %d tunables are seen", seen);
}

void a15_control_groups() {
    if (DIR* directory = ::opendir("/sys/fs/cgroup"); directory != nullptr) {
        achieved("/sys/fs/cgroup is listed");
        ::closedir(directory);
    }
    for (const char* name :
         {"release_agent", "notify_on_release", "devices.allow", "cgroup.procs", "memory/cgroup.procs"}) {
        const std::string path = std::string("/sys/fs/cgroup/") + name;
        if (::open(path.c_str(), O_WRONLY | O_CLOEXEC) >= 0) achieved("open %s for writing", path.c_str());
    }
    if (bare) return;
    for (const char* type : {"cgroup", "cgroup2"})
        if (::mount("none", "/tmp", type, 0, nullptr) == 0 || (errno != EPERM))
            achieved("mount %s (errno %d)", type, errno);
}

void a16_devices() {
    const char* place = "/tmp/hotcell-escape-node";
    for (const mode_t kind : {S_IFCHR, S_IFBLK}) {
        ::unlink(place);
        if (::mknod(place, kind | 0600, makedev(kind == S_IFCHR ? 1 : 7, kind == S_IFCHR ? 1 : 0)) == 0)
            achieved("mknod");
        if (::syscall(SYS_mknodat, AT_FDCWD, place, kind | 0600, makedev(5, 1)) == 0) achieved("mknodat");
        ::unlink(place);
    }
    DIR* directory = ::opendir("/dev");
    if (directory == nullptr) return cannot_try("list /dev");
    int known = 0;
    while (const dirent* entry = ::readdir(directory)) {
        if (entry->d_name[0] == '.') continue;
        struct stat seen {};
        if (::fstatat(::dirfd(directory), entry->d_name, &seen, AT_SYMLINK_NOFOLLOW) != 0) continue;
        if (S_ISLNK(seen.st_mode)) continue;
        bool allowed = false;
        for (const char* name : {"null", "zero", "full", "random", "urandom"})
            if (std::strcmp(entry->d_name, name) == 0 && S_ISCHR(seen.st_mode)) allowed = true;
        known += allowed ? 1 : 0;
        if (!allowed && (S_ISCHR(seen.st_mode) || S_ISBLK(seen.st_mode))) achieved("/dev/%s", entry->d_name);
    }
    ::closedir(directory);
    if (known < 5) cannot_try("only %d of the five devices are there", known);
}

void a19_information() {
    for (const char* path : {"/proc/kallsyms", "/proc/keys", "/proc/key-users", "/proc/timer_list", "/proc/interrupts",
                             "/proc/slabinfo", "/proc/kmsg", "/proc/vmallocinfo", "/proc/modules", "/proc/iomem",
                             "/proc/diskstats", "/proc/swaps", "/proc/config.gz", "/proc/cmdline", "/proc/partitions",
                             "/sys/class/dmi/id/product_name", "/sys/kernel/slab", "/dev/kmsg", "/dev/mem"})
        if (!read_some(path).empty()) achieved("%s tells something", path);
    char log[256];
    if (::syscall(SYS_syslog, 3, log, sizeof log) >= 0) achieved("syslog(2)");
    const std::string groups = read_some("/proc/self/cgroup");
    if (groups.find("hotcell") != std::string::npos || groups.find("slot-") != std::string::npos)
        achieved("/proc/self/cgroup names the engine's groups: %s", groups.c_str());
    for (const Mount& mount : mounts()) {
        // a bind of the host shows the host's directory as the root of the mount; only listed ones may
        const bool listed = mount.root.starts_with("/usr") || mount.root == "/" || mount.root.starts_with("/etc/") ||
                            mount.root.starts_with("/dev/") || mount.root.find("/code/") != std::string::npos ||
                            mount.place == "/hotcell" || mount.place == "/test" || mount.place.starts_with("/proc/") ||
                            mount.root.starts_with("/null") || mount.place.starts_with("/dev/") ||
                            mount.place.starts_with("/etc/");
        if (!listed) achieved("mountinfo names %s at %s", mount.root.c_str(), mount.place.c_str());
    }
    if (read_some("/proc/self/status").empty()) cannot_try("read /proc/self/status");
}

void b01_read_only_base() {
    for (const Mount& mount : mounts()) {
        if (is_writable_place(mount.place)) continue;
        const std::string made = mount.place + "/hotcell-escape";
        if (const int fd = ::open(made.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600); fd >= 0) {
            achieved("create %s", made.c_str());
            ::unlink(made.c_str());
        }
        if (::mkdir(made.c_str(), 0700) == 0) achieved("mkdir %s", made.c_str());
        if (::symlink("x", made.c_str()) == 0) achieved("symlink %s", made.c_str());
        if (mount.place.starts_with("/dev/")) continue;  // device nodes are for writing to
        if (::chmod(mount.place.c_str(), 0777) == 0) achieved("chmod %s", mount.place.c_str());
        if (::truncate(mount.place.c_str(), 0) == 0) achieved("truncate %s", mount.place.c_str());
        if (::utimes(mount.place.c_str(), nullptr) == 0) achieved("utimes %s", mount.place.c_str());
        if (::setxattr(mount.place.c_str(), "user.hotcell", "x", 1, 0) == 0)
            achieved("setxattr %s", mount.place.c_str());
        if (::rename(mount.place.c_str(), made.c_str()) == 0) achieved("rename %s", mount.place.c_str());
    }
    for (const char* path : {"/usr/bin/python3.11", "/code/attack", "/hotcell/python/zygote.py"})
        if (::open(path, O_WRONLY | O_CLOEXEC) >= 0) achieved("open %s for writing", path);
    const int fd = ::open("/tmp/allowed", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0 || ::write(fd, "x", 1) != 1) cannot_try("/tmp is not writable (errno %d)", errno);
}

void b02_mount_flags() {
    int seen = 0;
    for (const Mount& mount : mounts()) {
        ++seen;
        if (!is_writable_place(mount.place) && mount.type != "proc" && !has_option(mount, "ro"))
            achieved("%s (%s) is writable: %s", mount.place.c_str(), mount.type.c_str(), mount.options.c_str());
        if (!has_option(mount, "nosuid")) achieved("%s lacks nosuid", mount.place.c_str());
        const bool device = mount.place.starts_with("/dev/");
        if (!device && !has_option(mount, "nodev")) achieved("%s lacks nodev", mount.place.c_str());
        if ((device || mount.type == "proc") && !has_option(mount, "noexec"))
            achieved("%s lacks noexec", mount.place.c_str());
    }
    for (const char* path : {"/proc/sys", "/proc/irq", "/proc/bus", "/proc/fs", "/proc/sysrq-trigger"}) {
        struct statvfs flags {};
        if (::statvfs(path, &flags) == 0 && (flags.f_flag & ST_RDONLY) == 0) achieved("%s is not read-only", path);
    }
    if (::access("/sys/kernel", F_OK) == 0) achieved("/sys is there");
    if (seen < 5) cannot_try("only %d mounts are seen", seen);
}

void b03_mount_calls() {
    const auto refused = [](const char* what, long result) {
        if (result >= 0)
            achieved("%s", what);
        else if (errno != EPERM && errno != ENOSYS)
            achieved("%s reaches the kernel (errno %d)", what, errno);
    };
    refused("mount tmpfs", ::syscall(SYS_mount, "x", "/tmp", "tmpfs", 0, nullptr));
    refused("mount proc", ::syscall(SYS_mount, "proc", "/tmp", "proc", 0, nullptr));
    refused("remount", ::syscall(SYS_mount, "x", "/", nullptr, MS_REMOUNT | MS_BIND, nullptr));
    refused("umount2", ::syscall(SYS_umount2, "/proc/sys", MNT_DETACH));
    refused("pivot_root", ::syscall(SYS_pivot_root, "/tmp", "/tmp"));
    refused("open_tree", ::syscall(SYS_open_tree, AT_FDCWD, "/", 0));
    refused("open_tree clone", ::syscall(SYS_open_tree, AT_FDCWD, "/", 1));
    refused("move_mount", ::syscall(SYS_move_mount, AT_FDCWD, "/tmp", AT_FDCWD, "/code", 0));
    refused("fsopen", ::syscall(SYS_fsopen, "tmpfs", 0));
    refused("fspick", ::syscall(SYS_fspick, AT_FDCWD, "/tmp", 0));
    refused("fsconfig", ::syscall(SYS_fsconfig, -1, 0, nullptr, nullptr, 0));
    refused("fsmount", ::syscall(SYS_fsmount, -1, 0, 0));
    char attributes[32] = {};
    refused("mount_setattr", ::syscall(SYS_mount_setattr, AT_FDCWD, "/", 0, attributes, sizeof attributes));
    refused("chroot", ::syscall(SYS_chroot, "/tmp"));
}

}  // namespace hotcell::attacks
