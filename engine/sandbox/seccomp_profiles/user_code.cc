#include <sched.h>
#include <sys/mman.h>
#include <termios.h>

#include "engine/linux/seccomp/abi.h"
#include "engine/linux/seccomp/call_numbers.h"
#include "engine/sandbox/seccomp_profiles/profiles.h"

namespace hotcell::sandbox {

using linux::seccomp::below;
using linux::seccomp::bits;
using linux::seccomp::is;
using linux::seccomp::Profile;
using linux::seccomp::Rule;
using linux::seccomp::Verdict;

namespace {

const std::vector<std::string_view> kFiles = {
    "access",
    "chdir",
    "chmod",
    "chown",
    "close",
    "close_range",
    "copy_file_range",
    "creat",
    "dup",
    "dup2",
    "dup3",
    "faccessat",
    "faccessat2",
    "fadvise64",
    "fallocate",
    "fchdir",
    "fchmod",
    "fchmodat",
    "fchown",
    "fchownat",
    "fcntl",
    "fdatasync",
    "fgetxattr",
    "flistxattr",
    "flock",
    "fstat",
    "fstatfs",
    "fsync",
    "ftruncate",
    "getcwd",
    "getdents",
    "getdents64",
    "getxattr",
    "inotify_add_watch",
    "inotify_init",
    "inotify_init1",
    "inotify_rm_watch",
    "lchown",
    "lgetxattr",
    "link",
    "linkat",
    "listxattr",
    "llistxattr",
    "lseek",
    "lstat",
    "memfd_create",
    "mkdir",
    "mkdirat",
    "newfstatat",
    "open",
    "openat",
    "openat2",
    "pipe",
    "pipe2",
    "pread64",
    "preadv",
    "preadv2",
    "pwrite64",
    "pwritev",
    "pwritev2",
    "read",
    "readlink",
    "readlinkat",
    "readv",
    "rename",
    "renameat",
    "renameat2",
    "rmdir",
    "sendfile",
    "stat",
    "statfs",
    "statx",
    "symlink",
    "symlinkat",
    "truncate",
    "umask",
    "unlink",
    "unlinkat",
    "utimensat",
    "utimes",
    "write",
    "writev",
};

const std::vector<std::string_view> kEventsAndSockets = {
    "accept",      "accept4",    "bind",           "connect",         "epoll_create",    "epoll_create1", "epoll_ctl",
    "epoll_pwait", "epoll_wait", "eventfd",        "eventfd2",        "getpeername",     "getsockname",   "getsockopt",
    "listen",      "poll",       "ppoll",          "pselect6",        "select",          "shutdown",      "signalfd",
    "signalfd4",   "socketpair", "timerfd_create", "timerfd_gettime", "timerfd_settime",
};

const std::vector<std::string_view> kMemory = {
    "brk", "mlock", "mlock2", "mmap", "mprotect", "mremap", "msync", "munlock", "munmap",
};

const std::vector<std::string_view> kProcesses = {
    "alarm",
    "arch_prctl",
    "capget",
    "execve",
    "execveat",
    "exit",
    "exit_group",
    "fork",
    "futex",
    "get_robust_list",
    "getcpu",
    "getegid",
    "geteuid",
    "getgid",
    "getgroups",
    "getitimer",
    "getpgid",
    "getpgrp",
    "getpid",
    "getppid",
    "getpriority",
    "getresgid",
    "getresuid",
    "getrlimit",
    "getrusage",
    "getsid",
    "gettid",
    "getuid",
    "kill",
    "membarrier",
    "pause",
    "pidfd_open",
    "pidfd_send_signal",
    "prlimit64",
    "restart_syscall",
    "rseq",
    "rt_sigaction",
    "rt_sigpending",
    "rt_sigprocmask",
    "rt_sigqueueinfo",
    "rt_sigreturn",
    "rt_sigsuspend",
    "rt_sigtimedwait",
    "sched_get_priority_max",
    "sched_get_priority_min",
    "sched_getaffinity",
    "sched_getparam",
    "sched_getscheduler",
    "sched_setaffinity",
    "sched_yield",
    "set_robust_list",
    "set_tid_address",
    "setitimer",
    "setpgid",
    "setpriority",
    "setrlimit",
    "setsid",
    "sigaltstack",
    "tgkill",
    "tkill",
    "vfork",
    "wait4",
    "waitid",
};

const std::vector<std::string_view> kTimeAndSystem = {
    "clock_getres",  "clock_gettime", "clock_nanosleep", "getrandom",    "gettimeofday",     "nanosleep",
    "sysinfo",       "time",          "timer_create",    "timer_delete", "timer_getoverrun", "timer_gettime",
    "timer_settime", "times",         "uname",
};

/// Libraries probe these and fall back, but only on ENOSYS: calls with much kernel behind them, and calls that are too
/// new or too old for anybody to depend on.
const std::vector<std::string_view> kNoSuchCall = {
    "bpf",
    "clone3",
    "epoll_pwait2",
    "fchmodat2",
    "futex_requeue",
    "futex_wait",
    "futex_waitv",
    "futex_wake",
    "futimesat",
    "get_mempolicy",
    "get_thread_area",
    "io_uring_enter",
    "io_uring_register",
    "io_uring_setup",
    "listmount",
    "mbind",
    "mincore",
    "mlockall",
    "munlockall",
    "perf_event_open",
    "pkey_alloc",
    "pkey_free",
    "pkey_mprotect",
    "rt_tgsigqueueinfo",
    "sched_getattr",
    "sched_rr_get_interval",
    "seccomp",
    "set_mempolicy",
    "set_thread_area",
    "splice",
    "statmount",
    "tee",
    "userfaultfd",
    "utime",
    "vmsplice",
};

void add_socket_rules(std::vector<Rule>& rules) {
    for (const std::uint32_t family : {AF_UNIX, AF_INET, AF_INET6})
        for (const std::uint32_t type : {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET}) {
            if (type == SOCK_SEQPACKET && family != AF_UNIX) continue;  // SCTP
            for (const std::uint32_t protocol : {0u, std::uint32_t{IPPROTO_TCP}, std::uint32_t{IPPROTO_UDP}}) {
                if (family == AF_UNIX && protocol != 0) continue;
                rules.push_back(
                    {"socket", {is(0, family), bits(1, linux::seccomp::kSocketTypeBits, type), is(2, protocol)}});
            }
        }
    rules.push_back({"socket", {is(0, AF_NETLINK), is(2, NETLINK_ROUTE)}});
    // out-of-band data of Unix sockets has been a source of kernel bugs
    for (const char* call : {"sendto", "sendmmsg", "recvfrom", "recvmmsg"})
        rules.push_back({call, {bits(3, MSG_OOB, 0)}});
    for (const char* call : {"sendmsg", "recvmsg"}) rules.push_back({call, {bits(2, MSG_OOB, 0)}});
    rules.push_back({"setsockopt", {is(1, SOL_SOCKET)}});
    rules.push_back({"setsockopt", {is(1, IPPROTO_IP), below(2, 64)}});
    rules.push_back({"setsockopt", {is(1, IPPROTO_IPV6), below(2, 64)}});
    rules.push_back({"setsockopt", {is(1, IPPROTO_UDP), below(2, 100)}});  // not UDP_ENCAP
    rules.push_back({"setsockopt", {is(1, IPPROTO_TCP), below(2, 31)}});   // not TCP_ULP
    for (std::uint32_t option = 32; option <= 44; ++option)
        rules.push_back({"setsockopt", {is(1, IPPROTO_TCP), is(2, option)}});
}

void add_ioctl_rules(std::vector<Rule>& rules) {
    // neither TIOCSTI nor TIOCLINUX nor TIOCSETD, which forge input; no FICLONE
    for (const std::uint32_t request : {FIONREAD, FIONBIO, FIOCLEX, FIONCLEX, TCGETS, TCSETS, TCSETSW, TCSETSF,
                                        TIOCGWINSZ, TIOCGPGRP, SIOCGIFNAME, SIOCGIFCONF, SIOCGIFFLAGS, SIOCGIFADDR,
                                        SIOCGIFBRDADDR, SIOCGIFNETMASK, SIOCGIFMTU, SIOCGIFHWADDR, SIOCGIFINDEX})
        rules.push_back({"ioctl", {is(1, request)}});
}

void add_process_rules(std::vector<Rule>& rules) {
    rules.push_back({"clone", {bits(0, linux::seccomp::kAllNamespaces, 0)}});
    for (const std::uint32_t option : {PR_SET_NAME, PR_GET_NAME, PR_SET_PDEATHSIG, PR_GET_PDEATHSIG, PR_SET_DUMPABLE,
                                       PR_GET_DUMPABLE, PR_SET_TIMERSLACK, PR_GET_TIMERSLACK, PR_SET_NO_NEW_PRIVS,
                                       PR_GET_NO_NEW_PRIVS, PR_SET_THP_DISABLE, PR_GET_THP_DISABLE, PR_SET_VMA,
                                       PR_SET_CHILD_SUBREAPER, PR_GET_CHILD_SUBREAPER, PR_CAPBSET_READ, PR_GET_SECCOMP})
        rules.push_back({"prctl", {is(0, option)}});
    // Mono sets every thread to the policy it has already, and complains on standard output when it may not
    rules.push_back({"sched_setscheduler", {is(1, SCHED_OTHER)}});
    rules.push_back({"madvise", {below(2, MADV_MERGEABLE)}});  // never merge pages with a stranger's
    for (std::uint32_t advice = MADV_HUGEPAGE; advice <= 25; ++advice) rules.push_back({"madvise", {is(2, advice)}});
}

Profile user_code(std::string_view name) {
    Profile profile;
    profile.name = name;
    profile.otherwise = Verdict::NotPermitted;
    for (const auto* list : {&kFiles, &kEventsAndSockets, &kMemory, &kProcesses, &kTimeAndSystem})
        profile.allowed.insert(profile.allowed.end(), list->begin(), list->end());
    add_socket_rules(profile.allowed_if);
    add_ioctl_rules(profile.allowed_if);
    add_process_rules(profile.allowed_if);
    profile.no_such_call = kNoSuchCall;
    profile.newest_known = linux::seccomp::kNewestKnownCall;
    return profile;
}

}  // namespace

Profile final_profile() { return user_code("final"); }

Profile fork_profile() {
    Profile profile = user_code("fork");
    // Into a slot and out of its powers. To a child that has given them up, each of these answers EPERM by itself:
    // it has no capability and no descriptor of a namespace.
    for (const char* call : {"setns", "setgroups", "setresgid", "setresuid", "capset"}) profile.allowed.push_back(call);
    profile.allowed_if.push_back({"prctl", {is(0, PR_CAPBSET_DROP)}});
    return profile;
}

}  // namespace hotcell::sandbox
