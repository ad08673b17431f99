#include <linux/sched.h>

#include <algorithm>

#include "engine/linux/seccomp/abi.h"
#include "engine/linux/seccomp/compile.h"
#include "engine/sandbox/seccomp_profiles/profiles.h"

namespace hotcell::sandbox {

using linux::seccomp::allowed_names;
using linux::seccomp::bits;
using linux::seccomp::is;
using linux::seccomp::Profile;
using linux::seccomp::Verdict;

namespace {

/// What every C++ process does to live, log to its standard error and end.
const std::vector<std::string_view> kLiving = {
    "brk",
    "clock_gettime",
    "clock_nanosleep",
    "close",
    "exit",
    "exit_group",
    "fcntl",
    "fstat",
    "futex",
    "getpid",
    "getrandom",
    "gettid",
    "lseek",
    "madvise",
    "mmap",
    "mprotect",
    "mremap",
    "munmap",
    "newfstatat",
    "nanosleep",
    "poll",
    "ppoll",
    "pread64",
    "read",
    "readv",
    "restart_syscall",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sched_yield",
    "tgkill",
    "write",
    "writev",
};

Profile engine_process(std::string_view name) {
    Profile profile;
    profile.name = name;
    profile.otherwise = Verdict::KillProcess;
    profile.allowed = kLiving;
    return profile;
}

void add(Profile& profile, std::initializer_list<std::string_view> calls) {
    profile.allowed.insert(profile.allowed.end(), calls);
}

}  // namespace

Profile init_profile() {
    Profile profile;
    profile.name = "init";
    profile.otherwise = Verdict::KillProcess;
    // its report, its descriptors; then wait, tell, for ever
    profile.allowed = {"write",      "close",          "wait4",           "rt_sigtimedwait", "sendto",
                       "exit_group", "rt_sigprocmask", "restart_syscall", "clock_gettime",   "rt_sigreturn"};
    return profile;
}

Profile warden_profile() {
    Profile profile = engine_process("warden");
    add(profile, {"recvmsg", "sendmsg", "openat", "openat2", "open_tree", "mount_setattr", "move_mount",
                  "pidfd_send_signal", "getdents64", "readlinkat", "readlink", "waitid"});
    profile.allowed_if = {{"setns", {is(1, CLONE_NEWNS)}}};
    return profile;
}

Profile builder_profile() {
    const Profile inherited = fork_profile();
    Profile profile;
    profile.name = "builder";
    profile.otherwise = Verdict::NotPermitted;
    profile.allowed = allowed_names(inherited);
    for (const auto call : allowed_names(init_profile()))
        if (std::find(profile.allowed.begin(), profile.allowed.end(), call) == profile.allowed.end())
            profile.allowed.push_back(call);
    // namespaces, mounts and locks of a sandbox; control groups are files
    add(profile, {"clone3", "unshare", "mount", "umount2", "pivot_root", "open_tree", "move_mount", "mount_setattr",
                  "sethostname", "seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self",
                  "setuid", "setgid", "process_mrelease"});
    return profile;
}

Profile front_profile() {
    Profile profile = engine_process("front");
    // files of the state directory
    add(profile, {"access",     "chmod",      "copy_file_range", "dup",      "dup2",         "dup3",
                  "faccessat",  "faccessat2", "fallocate",       "fchdir",   "fchmod",       "fchmodat",
                  "fchown",     "fdatasync",  "flock",           "fsync",    "ftruncate",    "getcwd",
                  "getdents64", "link",       "linkat",          "lstat",    "memfd_create", "mkdir",
                  "mkdirat",    "open",       "openat",          "pipe2",    "pwrite64",     "pwritev",
                  "preadv",     "readlink",   "readlinkat",      "rename",   "renameat",     "renameat2",
                  "rmdir",      "stat",       "statfs",          "fstatfs",  "statx",        "symlinkat",
                  "umask",      "unlink",     "unlinkat",        "utimensat"});
    // the trees of packages: below one directory, without following a link, on the disk before they have a name
    add(profile, {"openat2", "syncfs"});
    // sockets, pipes to the warden, timers
    add(profile, {"accept",          "accept4",        "bind",       "connect",   "epoll_create1", "epoll_ctl",
                  "epoll_pwait",     "epoll_pwait2",   "epoll_wait", "eventfd2",  "getpeername",   "getsockname",
                  "getsockopt",      "listen",         "recvfrom",   "recvmsg",   "sendmsg",       "sendto",
                  "sendmmsg",        "setsockopt",     "shutdown",   "signalfd4", "socketpair",    "timerfd_create",
                  "timerfd_gettime", "timerfd_settime"});
    // the end of its one child, the helper
    add(profile, {"pidfd_open", "waitid"});
    // threads, and what the C library asks about the machine
    add(profile, {"arch_prctl",
                  "clock_getres",
                  "get_robust_list",
                  "getcpu",
                  "getegid",
                  "geteuid",
                  "getgid",
                  "getpgrp",
                  "getppid",
                  "getrusage",
                  "getuid",
                  "gettimeofday",
                  "membarrier",
                  "rseq",
                  "rt_sigpending",
                  "rt_sigsuspend",
                  "rt_sigtimedwait",
                  "sched_getaffinity",
                  "sched_getparam",
                  "sched_getscheduler",
                  "set_robust_list",
                  "set_tid_address",
                  "sigaltstack",
                  "sysinfo",
                  "time",
                  "times",
                  "uname"});
    profile.allowed_if = {
        {"clone", {bits(0, CLONE_THREAD | linux::seccomp::kAllNamespaces, CLONE_THREAD)}},  // threads, never a process
        {"prctl", {is(0, PR_SET_NAME)}},
        {"prctl", {is(0, PR_SET_VMA)}},
        {"prlimit64", {linux::seccomp::is_exactly(2, 0)}},  // reading a limit, not setting one
        {"socket", {is(0, AF_UNIX)}},
        {"ioctl", {is(1, FIONREAD)}},
        {"ioctl", {is(1, FIONBIO)}},
        {"ioctl", {is(1, TCGETS)}},  // isatty
    };
    profile.no_such_call = {"clone3"};  // the C library then takes clone, whose flags can be looked at
    return profile;
}

Result<Filters> compile_filters() {
    Filters filters;
    filters.init = TRY(linux::seccomp::compile(init_profile()));
    filters.final = TRY(linux::seccomp::compile(final_profile()));
    filters.fork = TRY(linux::seccomp::compile(fork_profile()));
    return filters;
}

}  // namespace hotcell::sandbox
