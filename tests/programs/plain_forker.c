/* A forker without a language runtime: argv[1] is the set of HC_OMIT_* bits. Its memory is thinly spread over 1 GiB, so
 * that a fork copies 2 MiB of page tables and a test can see who pays for them. Its children say READY and wait for the
 * front to end the channel; a Run frame makes them write one line and exit with 0. With argv[2] a hostile one: a process
 * beside it goes on stopping whatever appears in its pid namespace. Static. */
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/protocol/channel.h"
#include "engine/protocol/forker.h"
#include "shims/native/forker.h"

static int spread_memory(void) {
    const size_t size = (size_t)1 << 30;
    char* const memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED || madvise(memory, size, MADV_NOHUGEPAGE) != 0) return -1;
    for (size_t at = 0; at < size; at += (size_t)2 << 20) memory[at] = 1;
    return 0;
}

static void stop_everything_new(void) {
    if (fork() != 0) return;
    for (const pid_t self = getpid();;)
        for (pid_t pid = self + 1; pid < self + 500; ++pid) kill(pid, SIGSTOP);
}

int main(int argc, char** argv) {
    if (argc > 2) stop_everything_new();
    const unsigned omit = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
    struct hc_child child;
    if (spread_memory() != 0) return 2;
    if (hc_forker_serve(NULL, omit, &child) != 0) return 0;
    if (hc_child_ready(&child) != 0) return 3;
    char byte;
    if (read(HC_CHANNEL_FD, &byte, 1) != 1) return 4;
    close(HC_CHANNEL_FD);
    return write(1, "ran\n", 4) == 4 ? 0 : 5;
}
