/* The two pipes of a forker (zygote or template): `control` to the front, `arm` from the builder. C and C++.
 *
 * Both are SOCK_SEQPACKET, one struct a message. The builder arms the forker with a slot (descriptors in the order of
 * HC_ARM_*); the front then may ask for a fork into it, once. The forker answers each fork request once. */
#ifndef HOTCELL_PROTOCOL_FORKER_H
#define HOTCELL_PROTOCOL_FORKER_H

#include <stdint.h>

enum {
    HC_FORKER_CONTROL_FD = 3, /* front <-> forker */
    HC_FORKER_ARM_FD = 4,     /* builder -> forker */
    HC_CHANNEL_FD = 3,        /* in a forked child and in a slot's waiting child: the channel */
    HC_CALLS_FD = 3,          /* of a shim: in place of the channel, the pipe with its calls (channel.h) */
    HC_MEMORY_FD = 4,         /* of a shim: its shared memory, where it has some */
    HC_ANSWERS_FD = 5,        /* of a shim: the pipe for its answers */
    HC_USER_ID = 1000,        /* uid and gid of user code inside every slot, and of every forker inside its domain */
    HC_MOST_ATTACH_FDS = 5
};

enum { HC_ARM = 1, HC_DISARM = 2, HC_FORK = 3, HC_FORKED = 103 };

/* Descriptors that come with HC_ARM: the slot's seven namespaces in the order they are entered, its four pipes, then
 * attach_fds files to write "0" to. Namespaces and not a pidfd of the slot's pid 1: setns(2) with a pidfd asks whether
 * the caller may trace that process, and Landlock says no to everybody who is inside a domain that the other is not. */
enum {
    HC_ARM_USER = 0,
    HC_ARM_PID,
    HC_ARM_MOUNTS,
    HC_ARM_NETWORK,
    HC_ARM_IPC,
    HC_ARM_UTS,
    HC_ARM_CGROUP,
    HC_ARM_CHANNEL,
    HC_ARM_STDIN,
    HC_ARM_STDOUT,
    HC_ARM_STDERR,
    HC_ARM_ATTACH
};
#define HC_ARM_NAMESPACES \
    { "user", "pid", "mnt", "net", "ipc", "uts", "cgroup" } /* below /proc/<pid>/ns */

struct hc_arm { /* builder -> forker: HC_ARM with descriptors, HC_DISARM without */
    uint32_t type;
    uint32_t attach_fds;
    uint64_t slot;
};

struct hc_fork { /* front -> forker */
    uint32_t type;
    uint32_t unused;
    uint64_t slot;
    uint64_t nonce; /* the child repeats it in its READY frame */
};

struct hc_forked { /* forker -> front */
    uint32_t type;
    int32_t pid; /* of the child, as the domain's pid 1 sees it; 0 on failure */
    uint64_t slot;
    uint32_t failed_step; /* protocol::Step, 0: none */
    int32_t sys;
    uint64_t received_ns; /* CLOCK_MONOTONIC: request read, slot entered, child forked */
    uint64_t entered_ns;
    uint64_t forked_ns;
};

#endif
