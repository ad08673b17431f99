// A01–A06 and A20: which calls reach the kernel, and whether their filtered arguments can be disguised.
#include <fcntl.h>
#include <linux/keyctl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>

#include "tests/escape/attacks/attack.h"

namespace hotcell::attacks {

namespace {

constexpr int kLastCall = 470;
constexpr std::uint64_t kNamespaceFlags[] = {CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNS,     CLONE_NEWNET,
                                             CLONE_NEWIPC,  CLONE_NEWUTS, CLONE_NEWCGROUP, 0x80 /* CLONE_NEWTIME */};

enum Word : int { kReached = 0, kRefused = 1, kAbsent = 2 };

int census_call = 0;

/// The call with arguments that no call can do anything with; the answer is the exit status.
void make_census_call() {
    ::alarm(0);
    const long bad = -1;
    const long result = ::syscall(census_call, bad, bad, bad, bad, bad, bad);
    if (result == -1 && errno == EPERM) ::_exit(kRefused);
    if (result == -1 && errno == ENOSYS) ::_exit(kAbsent);
    ::_exit(kReached);
}

/// True unless the call was refused, does not exist, or ended the process by SIGSYS.
bool is_reached(int number) {
    // these end or replace the process, or wait for ever, when they work: nothing to classify
    for (const int certain : {SYS_exit, SYS_exit_group, SYS_rt_sigreturn, SYS_pause, SYS_vfork, SYS_fork})
        if (number == certain) return true;
    census_call = number;
    const int status = in_child(make_census_call);
    if (status == -1) return true;  // it blocked, so it was let in
    if (WIFSIGNALED(status)) return WTERMSIG(status) != SIGSYS;
    return WEXITSTATUS(status) == kReached;
}

}  // namespace

void a01_census() {
    int reached = 0;
    std::printf("reached:");
    for (int number = 0; number <= kLastCall; ++number) {
        if (!is_reached(number)) continue;
        std::printf(" %d", number);
        ++reached;
    }
    std::printf("\ncount: %d\n", reached);
    if (reached > 200) achieved("%d calls are reached", reached);
    if (reached < 100) cannot_try("only %d calls are reached: the census itself does not work", reached);
}

void a02_namespaces() {
    for (const std::uint64_t flag : kNamespaceFlags) {
        static std::uint64_t flags;
        flags = flag;
        const int unshared = in_child([] { ::_exit(::syscall(SYS_unshare, flags) == 0 ? 1 : 0); });
        if (unshared != 0) achieved("unshare(%#lx)", static_cast<unsigned long>(flag));
        if (flag == 0x80) continue;  // a signal number to clone(2)
        const int cloned = in_child([] {
            const long pid = ::syscall(SYS_clone, flags | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
            if (pid == 0) ::_exit(0);
            ::_exit(pid > 0 ? 1 : 0);
        });
        if (cloned != 0) achieved("clone(%#lx)", static_cast<unsigned long>(flag));
    }
    for (const char* name : {"user", "mnt", "net", "pid", "ipc", "uts", "cgroup"}) {
        char path[64];
        std::snprintf(path, sizeof path, "/proc/1/ns/%s", name);
        const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0 && ::syscall(SYS_setns, fd, 0) == 0) achieved("setns to %s", path);
        if (fd >= 0) ::close(fd);
    }
    struct {
        std::uint64_t words[11];
    } arguments{};
    arguments.words[4] = SIGCHLD;
    const long pid = ::syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid == 0) ::_exit(0);
    if (pid > 0 || errno != ENOSYS)
        achieved("clone3 answered %ld, errno %d: the C library will not fall back", pid, errno);
    if (in_child([] {}) != 0) cannot_try("an ordinary fork does not work");
}

void a03_foreign_abi() {
    const int i386 = in_child([] {
        long result = 20;  // getpid
        __asm__ volatile("int $0x80" : "+a"(result) : : "memory");
        ::_exit(result > 0 ? 1 : 0);
    });
    if (WIFEXITED(i386) && WEXITSTATUS(i386) == 1) achieved("getpid through int 0x80");
    const int x32 = in_child([] { ::_exit(::syscall(0x40000000 | SYS_getpid) > 0 ? 1 : 0); });
    if (WIFEXITED(x32) && WEXITSTATUS(x32) == 1) achieved("getpid through the x32 numbers");
}

void a04_socket_families() {
    int opened = 0;
    for (int family = 0; family <= 45; ++family)
        for (int type = 1; type <= 6; ++type)
            for (const int protocol : {0, 1, 6, 15, 17, 58, 132, 255, 262}) {
                const int fd = ::socket(family, type, protocol);
                if (fd < 0) continue;
                ::close(fd);
                ++opened;
                const bool plain = type == SOCK_STREAM || type == SOCK_DGRAM;
                const bool allowed =
                    (family == AF_UNIX && protocol == 0 && (plain || type == SOCK_SEQPACKET || type == SOCK_RAW)) ||
                    ((family == AF_INET || family == AF_INET6) && plain &&
                     (protocol == 0 || protocol == 6 || protocol == 17)) ||
                    (family == AF_NETLINK && protocol == 0);
                if (!allowed) achieved("socket(%d, %d, %d)", family, type, protocol);
            }
    if (opened == 0) cannot_try("no socket at all");
}

void a05_keyrings() {
    const long added = ::syscall(SYS_add_key, "user", "hotcell-escape", "x", 1, KEY_SPEC_PROCESS_KEYRING);
    if (added >= 0) achieved("add_key gave %ld", added);
    if (::syscall(SYS_request_key, "user", "hotcell-escape", nullptr, KEY_SPEC_PROCESS_KEYRING) >= 0)
        achieved("request_key");
    for (const int keyring : {KEY_SPEC_SESSION_KEYRING, KEY_SPEC_USER_KEYRING, KEY_SPEC_USER_SESSION_KEYRING})
        if (::syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, keyring, 0, 0, 0) >= 0)
            achieved("keyctl: keyring %d", keyring);
}

void a06_kernel_engines() {
    char zeros[256] = {};
    if (::syscall(SYS_io_uring_setup, 4, zeros) >= 0) achieved("io_uring_setup");
    if (::syscall(SYS_bpf, 0, zeros, 72) >= 0) achieved("bpf");
    if (::syscall(SYS_perf_event_open, zeros, 0, -1, -1, 0) >= 0) achieved("perf_event_open");
    for (const int flags : {0, 1})
        if (::syscall(SYS_userfaultfd, flags) >= 0) achieved("userfaultfd(%d)", flags);
    if (::open("/dev/userfaultfd", O_RDWR) >= 0) achieved("/dev/userfaultfd");
    for (const long call : {SYS_io_uring_setup, SYS_bpf, SYS_perf_event_open, SYS_userfaultfd})
        if (::syscall(call, -1L, -1L, -1L, -1L, -1L) >= 0 || (errno != ENOSYS && errno != EPERM && errno != EACCES))
            achieved("call %ld reaches the kernel (errno %d)", call, errno);
}

void a20_high_halves() {
    constexpr std::uint64_t kHigh = 1ULL << 32;
    constexpr std::uint64_t kAll = 0xFFFFFFFFULL << 32;
    int tried = 0;
    for (const std::uint64_t half : {std::uint64_t{0}, kHigh, kAll}) {
        const auto refused = [&](const char* what, long result) {
            ++tried;
            if (result >= 0 || (errno != EPERM && errno != ENOSYS))
                achieved("%s with high half %#lx (errno %d)", what, static_cast<unsigned long>(half >> 32),
                         result < 0 ? errno : 0);
        };
        // family, type, protocol
        refused("socket(AF_VSOCK)", ::syscall(SYS_socket, 40 | half, SOCK_STREAM, 0));
        refused("socket(AF_ALG)", ::syscall(SYS_socket, 38 | half, SOCK_SEQPACKET, 0));
        refused("socket(SOCK_RAW)", ::syscall(SYS_socket, AF_INET, SOCK_RAW | half, IPPROTO_ICMP));
        refused("socket(SCTP)", ::syscall(SYS_socket, AF_INET, SOCK_STREAM, 132 | half));
        refused("socket(NETLINK uevent)", ::syscall(SYS_socket, AF_NETLINK, SOCK_RAW, 15 | half));
        for (const std::uint64_t advice : {12, 13, 100, 101})
            refused("madvise", ::syscall(SYS_madvise, nullptr, 0, advice | half));
        for (const std::uint64_t request :
             {TIOCSTI, 0x541C /* TIOCLINUX */, 0x5423 /* TIOCSETD */, 0x40049409 /* FICLONE */})
            refused("ioctl", ::syscall(SYS_ioctl, -1, request | half, 0));
        for (const std::uint64_t option :
             {PR_SET_SECCOMP, PR_SET_MM, 67 /* SET_MEMORY_MERGE */, PR_CAP_AMBIENT, PR_SET_SECUREBITS})
            refused("prctl", ::syscall(SYS_prctl, option | half, 0, 0, 0, 0));
        const int tcp = ::socket(AF_INET, SOCK_STREAM, 0);
        if (tcp < 0) cannot_try("a TCP socket");
        refused("setsockopt(TCP_ULP)", ::syscall(SYS_setsockopt, tcp, IPPROTO_TCP, 31 | half, "tls", 3));
        refused("setsockopt(level 270)", ::syscall(SYS_setsockopt, tcp, 270 | half, 1, "x", 1));
        refused("setsockopt(IP 64)", ::syscall(SYS_setsockopt, tcp, IPPROTO_IP, 64 | half, "x", 1));
        ::close(tcp);
        int pair[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) return cannot_try("a socketpair");
        refused("sendto(MSG_OOB)", ::syscall(SYS_sendto, pair[0], "x", 1, MSG_OOB | MSG_DONTWAIT | half, nullptr, 0));
        char byte;
        refused("recvfrom(MSG_OOB)",
                ::syscall(SYS_recvfrom, pair[1], &byte, 1, MSG_OOB | MSG_DONTWAIT | half, nullptr, nullptr));
        ::close(pair[0]);
        ::close(pair[1]);
        // the kernel looks at the low half of clone's flags
        const long pid = ::syscall(SYS_clone, (CLONE_NEWUSER | SIGCHLD) | half, nullptr, nullptr, nullptr, nullptr);
        if (pid == 0) ::_exit(0);
        refused("clone(NEWUSER)", pid);
    }
    if (tried < 40) cannot_try("only %d variants", tried);
}

}  // namespace hotcell::attacks
