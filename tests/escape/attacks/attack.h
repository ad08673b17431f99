// One attempt to get out of a sandbox, or to see or hurt what is outside. Run inside by escape_test.cc.
//
// An attack tries, tells each thing it achieved, and is judged by their number: none means contained. It must also
// notice when it could not try at all, so that a sandbox in which nothing works does not pass for a safe one.
#pragma once

#include <cstdarg>
#include <cstdint>

namespace hotcell::attacks {

/// Something that should have been impossible. printf(3) words; one line on standard output.
void achieved(const char* format, ...) __attribute__((format(printf, 1, 2)));
/// The attempt itself was impossible, for a reason that protects nobody: the test fails.
void cannot_try(const char* format, ...) __attribute__((format(printf, 1, 2)));

/// Runs `body` in a forked child and waits up to a second. The status as wait(2) gives it; -1: it had to be killed.
int in_child(void (*body)());

/// True when the run is outside any sandbox, as root, to see the attack succeed: it must not do harm then.
extern bool bare;

struct Attack {
    const char* id;  // of the threat model
    void (*run)();
};

void a01_census();
void a02_namespaces();
void a03_foreign_abi();
void a04_socket_families();
void a05_keyrings();
void a06_kernel_engines();
void a07_other_memory();
void a08_privilege_by_exec();
void a11_descriptors();
void a12_paths_out();
void a14_tunables();
void a15_control_groups();
void a16_devices();
void a17_identity();
void a18_processes();
void a19_information();
void a20_high_halves();
void b01_read_only_base();
void b02_mount_flags();
void b03_mount_calls();
void c01_memory();
void c03_fork_bomb();
void d01_network();
void d06_host_sockets();

}  // namespace hotcell::attacks
