/* The channel between the front and the program's side of a slot: frames on a stream socket. C and C++.
 * docs/protocol/shim-channel.md is its document. Little-endian, as the machine. */
#ifndef HOTCELL_PROTOCOL_CHANNEL_H
#define HOTCELL_PROTOCOL_CHANNEL_H

#include <stdint.h>

enum {
    HC_FRAME_READY = 1,  /* to the front: locked and waiting; payload hc_ready */
    HC_FRAME_RUN = 2,    /* from the front: run this; payload hc_run and its strings */
    HC_FRAME_FAILED = 3, /* to the front: it could not be started; payload hc_failed */
    HC_MOST_RUN_BYTES = 256 * 1024
};
/* A channel that closes without HC_FRAME_FAILED after HC_FRAME_RUN: the program has been started. */

struct hc_frame {
    uint32_t length; /* of the payload, in bytes */
    uint16_t type;
    uint16_t flags;
    uint64_t request;
};

struct hc_ready {
    uint64_t nonce;    /* of the fork request; 0 from a waiting child */
    uint64_t ready_ns; /* CLOCK_MONOTONIC */
};

struct hc_run { /* followed by argc + envc strings, each ended by NUL: argv[0..], then "NAME=value" */
    uint32_t argc;
    uint32_t envc;
};

struct hc_failed {
    uint32_t step; /* protocol::Step */
    int32_t sys;
};

#endif
