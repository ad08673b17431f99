// A07, A08, A11, A17, A18, C01, C03: other processes, own powers, what a process holds and how much it can take.
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
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

std::vector<pid_t> visible_processes() {
    std::vector<pid_t> found;
    DIR* directory = ::opendir("/proc");
    if (directory == nullptr) return found;
    while (const dirent* entry = ::readdir(directory))
        if (const pid_t pid = std::atoi(entry->d_name); pid > 0) found.push_back(pid);
    ::closedir(directory);
    return found;
}

std::string read_file(const char* path) {
    std::string text;
    const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return text;
    char part[4096];
    for (ssize_t n; (n = ::read(fd, part, sizeof part)) > 0;) text.append(part, static_cast<std::size_t>(n));
    ::close(fd);
    return text;
}

std::string status_field(const char* name) {
    const std::string status = read_file("/proc/self/status");
    const std::string wanted = std::string("\n") + name + ":\t";
    const std::size_t at = status.find(wanted);
    if (at == std::string::npos) return {};
    const std::size_t from = at + wanted.size();
    return status.substr(from, status.find('\n', from) - from);
}

}  // namespace

void a07_other_memory() {
    const pid_t parent = ::getppid();
    std::vector<pid_t> targets = visible_processes();
    targets.push_back(1);
    targets.push_back(parent);
    for (const pid_t pid : targets) {
        if (pid == ::getpid() || pid <= 0) continue;
        char path[64];
        std::snprintf(path, sizeof path, "/proc/%d/mem", pid);
        if (const int fd = ::open(path, O_RDWR | O_CLOEXEC); fd >= 0) {
            achieved("open %s", path);
            ::close(fd);
        }
        char byte = 0;
        iovec local{&byte, 1};
        iovec remote{reinterpret_cast<void*>(0x400000), 1};
        if (::syscall(SYS_process_vm_readv, pid, &local, 1, &remote, 1, 0) >= 0 || (errno != EPERM && errno != ESRCH))
            achieved("process_vm_readv of %d reaches the kernel (errno %d)", pid, errno);
        if (const long pidfd = ::syscall(SYS_pidfd_open, pid, 0); pidfd >= 0) {
            if (::syscall(SYS_pidfd_getfd, pidfd, 0, 0) >= 0) achieved("pidfd_getfd of %d", pid);
            ::close(static_cast<int>(pidfd));
        }
        if (::syscall(SYS_kcmp, ::getpid(), pid, 1, 0, 0) >= 0) achieved("kcmp with %d", pid);
        if (bare) continue;  // attaching would stop a stranger
        for (const long request : {PTRACE_ATTACH, PTRACE_SEIZE})
            if (::syscall(SYS_ptrace, request, pid, 0, 0) == 0) achieved("ptrace %ld of %d", request, pid);
    }
    if (in_child([] { ::_exit(::syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0) == 0 ? 1 : 0); }) != 0)
        achieved("PTRACE_TRACEME");
}

void a08_privilege_by_exec() {
    for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}) {
        const std::string value = status_field(set);
        if (value.empty())
            cannot_try("read /proc/self/status");
        else if (value != "0000000000000000")
            achieved("%s is %s", set, value.c_str());
    }
    if (status_field("NoNewPrivs") != "1") achieved("NoNewPrivs is %s", status_field("NoNewPrivs").c_str());
    if (status_field("Seccomp") != "2") achieved("Seccomp is %s", status_field("Seccomp").c_str());
    // setuid and setgid copies of this program, from the package and of its own making; each tells its ids
    static std::string uid;
    uid = std::to_string(::getuid());
    static const char* program;
    for (const char* path : {"/code/setuid", "/code/setgid", "/tmp/setuid"}) {
        if (std::strncmp(path, "/tmp", 4) == 0) {
            const std::string self = read_file("/proc/self/exe");
            const int copy = ::open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0755);
            if (copy < 0) {
                cannot_try("write %s: errno %d", path, errno);
                continue;
            }
            if (::write(copy, self.data(), self.size()) != static_cast<ssize_t>(self.size()))
                cannot_try("copy to %s", path);
            ::close(copy);
            ::chmod(path, 06755);
        }
        if (::access(path, X_OK) != 0) {
            if (!bare) cannot_try("%s is not there", path);
            continue;
        }
        program = path;
        const int status = in_child([] {
            const char* arguments[] = {program, "exec-probe", uid.c_str(), nullptr};
            const char* environment[] = {nullptr};
            ::execve(program, const_cast<char**>(arguments), const_cast<char**>(environment));
            ::_exit(0);
        });
        if (status != 0) achieved("%s changed the uid (status %d)", path, status);
    }
}

void a11_descriptors() {
    DIR* directory = ::opendir("/proc/self/fd");
    if (directory == nullptr) return cannot_try("open /proc/self/fd");
    int count = 0;
    while (const dirent* entry = ::readdir(directory)) {
        if (entry->d_name[0] == '.' || std::atoi(entry->d_name) == ::dirfd(directory)) continue;
        char link[256] = {};
        (void)!::readlinkat(::dirfd(directory), entry->d_name, link, sizeof link - 1);
        ++count;
        const bool standard = std::atoi(entry->d_name) <= 2 && std::strncmp(link, "pipe:", 5) == 0;
        if (!standard) achieved("descriptor %s is %s", entry->d_name, link);
    }
    ::closedir(directory);
    if (count < 3) cannot_try("only %d descriptors are seen", count);
}

void a17_identity() {
    for (const char* path : {"/proc/self/uid_map", "/proc/self/gid_map"}) {
        unsigned long inside = 0, outside = 0, count = 0;
        const std::string map = read_file(path);
        if (std::sscanf(map.c_str(), "%lu %lu %lu", &inside, &outside, &count) != 3) {
            cannot_try("read %s", path);
            continue;
        }
        // seen from inside, `outside` is the id in the parent namespace; the domain maps its slots onto themselves
        if (outside < 100000) achieved("%s: %lu ids from %lu", path, count, outside);
        if (map.find('\n') + 1 != map.size()) achieved("%s has more than one range", path);
    }
    if (::getuid() == 0 || ::geteuid() == 0 || ::getgid() == 0) achieved("uid %d, gid %d", ::getuid(), ::getgid());
    if (::setuid(0) == 0 || ::setresgid(0, 0, 0) == 0) achieved("became root of the sandbox");
}

void a18_processes() {
    int others = 0;
    for (const pid_t pid : visible_processes())
        if (pid != ::getpid() && pid != ::getppid()) ++others;
    if (others > 0) achieved("%d other processes are visible", others);
    const std::string environment = read_file("/proc/1/environ");
    if (!environment.empty()) achieved("the environment of pid 1 is readable");
    if (bare) return;
    for (pid_t pid = 1; pid <= 32768; ++pid)
        if (pid != ::getpid() && ::kill(pid, 0) == 0) achieved("may signal process %d", pid);
    // everything it may signal, which is itself at most; what is outside is looked at by the test
    ::signal(SIGUSR1, SIG_IGN);
    if (in_child([] { ::kill(-1, SIGUSR1); }) != 0) cannot_try("kill(-1)");
}

void c01_memory() {
    // four times the 64 MiB that the test allows; the kernel is to end this process before that
    constexpr std::size_t kStep = 1 << 20;
    for (int i = 0; i < 256; ++i) {
        void* part = ::mmap(nullptr, kStep, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (part == MAP_FAILED) return cannot_try("mmap after %d MiB: errno %d", i, errno);
        std::memset(part, 1, kStep);
        if (i == 16) std::printf("16 MiB are fine\n"), std::fflush(stdout);
    }
    achieved("256 MiB");
}

void c03_fork_bomb() {
    // bounded, so that it ends where nothing else ends it
    constexpr int kMost = 400;
    int made = 0;
    for (; made < kMost; ++made) {
        const pid_t pid = ::fork();
        if (pid < 0) break;
        if (pid == 0) {
            if (made % 2 == 0) ::setsid();
            ::pause();
            ::_exit(0);
        }
    }
    std::printf("made %d\n", made);
    if (made < 8) cannot_try("fork: only %d", made);
    if (made >= kMost) achieved("%d processes", made);
    std::fflush(stdout);
}

}  // namespace hotcell::attacks
