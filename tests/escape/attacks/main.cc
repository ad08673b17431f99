// attack ID [--bare]: exit status 0 contained, 1 something was achieved, 2 it could not be tried.
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/escape/attacks/attack.h"

namespace hotcell::attacks {

bool bare = false;

namespace {
int achievements = 0;
int obstacles = 0;

void tell(const char* word, const char* format, va_list values) {
    std::printf("%s: ", word);
    std::vprintf(format, values);
    std::printf("\n");
    std::fflush(stdout);
}

constexpr Attack kAttacks[] = {
    {"A01", a01_census},      {"A02", a02_namespaces},     {"A03", a03_foreign_abi},  {"A04", a04_socket_families},
    {"A05", a05_keyrings},    {"A06", a06_kernel_engines}, {"A07", a07_other_memory}, {"A08", a08_privilege_by_exec},
    {"A11", a11_descriptors}, {"A12", a12_paths_out},      {"A14", a14_tunables},     {"A15", a15_control_groups},
    {"A16", a16_devices},     {"A17", a17_identity},       {"A18", a18_processes},    {"A19", a19_information},
    {"A20", a20_high_halves}, {"B01", b01_read_only_base}, {"B02", b02_mount_flags},  {"B03", b03_mount_calls},
    {"C01", c01_memory},      {"C03", c03_fork_bomb},      {"D01", d01_network},      {"D06", d06_host_sockets},
};
}  // namespace

void achieved(const char* format, ...) {
    va_list values;
    va_start(values, format);
    tell("achieved", format, values);
    va_end(values);
    ++achievements;
}

void cannot_try(const char* format, ...) {
    va_list values;
    va_start(values, format);
    tell("cannot try", format, values);
    va_end(values);
    ++obstacles;
}

int in_child(void (*body)()) {
    std::fflush(stdout);
    const pid_t pid = ::fork();
    if (pid < 0) {
        cannot_try("fork");
        return -1;
    }
    if (pid == 0) {
        body();
        ::_exit(0);
    }
    const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    pollfd entry{pidfd, POLLIN, 0};
    const bool ended = pidfd >= 0 && ::poll(&entry, 1, 1000) == 1;
    if (pidfd >= 0) ::close(pidfd);
    if (!ended) ::kill(pid, SIGKILL);
    int status = 0;
    ::waitpid(pid, &status, 0);
    return ended ? status : -1;
}

}  // namespace hotcell::attacks

int main(int argc, char** argv) {
    using namespace hotcell::attacks;
    if (argc == 3 && std::strcmp(argv[1], "exec-probe") == 0)
        return ::getuid() == static_cast<uid_t>(std::atoi(argv[2])) ? 0 : 1;
    bare = argc > 2 && std::strcmp(argv[2], "--bare") == 0;
    for (const Attack& attack : kAttacks) {
        if (argc < 2 || std::strcmp(argv[1], attack.id) != 0) continue;
        attack.run();
        return obstacles > 0 ? 2 : achievements > 0 ? 1 : 0;
    }
    std::fprintf(stderr, "usage: attack ID [--bare]\n");
    return 2;
}
