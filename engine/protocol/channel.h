/* The channel between the front and the program's side of a slot: frames on a stream socket, of a shim on two pipes. C and C++.
 * docs/protocol/shim-channel.md is its document. Little-endian, as the machine. */
#ifndef HOTCELL_PROTOCOL_CHANNEL_H
#define HOTCELL_PROTOCOL_CHANNEL_H

#include <stdint.h>

enum {
    HC_FRAME_READY = 1,  /* to the front: locked and waiting; payload hc_ready */
    HC_FRAME_RUN = 2,    /* from the front: run this; payload hc_run and its strings */
    HC_FRAME_FAILED = 3, /* to the front: it could not be started; payload hc_failed */
    HC_FRAME_LOAD = 4,   /* from the front, once: whose environment this is; payload JSON */
    HC_FRAME_INVOKE = 5, /* from the front: one call; payload hc_invoke, its context as JSON, the event */
    HC_FRAME_RESULT = 6, /* to the front: the call's result; payload its bytes */
    HC_FRAME_ERROR = 7,  /* to the front: the call failed; payload JSON; flag HC_HANDLED */
    HC_MOST_RUN_BYTES = 256 * 1024,
    HC_MOST_LOAD_BYTES = 1024 * 1024,
    HC_MEMORY_RESULTS_AT = 6 * 1024 * 1024, /* in shared memory: events in front, results from here on */
    HC_MEMORY_BYTES = 13 * 1024 * 1024
};
/* A channel that closes without HC_FRAME_FAILED after HC_FRAME_RUN: the program has been started. Descriptors that come with
 * HC_FRAME_RUN, or with HC_FRAME_LOAD where that is the first frame, make it a shim: the pipe it reads frames from, the pipe it
 * writes frames to, and its shared memory where it has some, which become HC_CALLS_FD, HC_ANSWERS_FD and HC_MEMORY_FD. A shim that
 * was exec'ed says READY itself, once it has booted. */

enum {
    HC_HANDLED = 1,   /* of HC_FRAME_ERROR: the code reported the error itself */
    HC_HTTP_HEAD = 1, /* of HC_FRAME_RESULT, to HC_CALL_HTTP: the payload begins with hc_http_head and its JSON */
    HC_LAST = 2,  /* of HC_FRAME_RESULT and HC_FRAME_ERROR: the program ends now, and takes no call after this one */
    HC_SHARED = 4 /* of HC_FRAME_INVOKE, HC_FRAME_RESULT: hc_shared stands where the event, or the payload, would */
};

enum {
    HC_CALL_HANDLER = 0,
    HC_CALL_INITIALIZER = 1,
    HC_CALL_PRE_FREEZE = 2, /* before the environment is stopped */
    HC_CALL_PRE_STOP = 3,   /* before the environment ends */
    HC_CALL_HTTP = 4        /* the handler, with an HTTP request: its head is in the context, its body is the event */
};

struct hc_frame {
    uint32_t length; /* of the payload, in bytes */
    uint16_t type;
    uint16_t flags;
    uint64_t request; /* of HC_FRAME_INVOKE and its answer: the same number */
};

struct hc_ready {
    uint64_t nonce;    /* of the fork request; 0 from a waiting child or a shim that was exec'ed */
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

struct hc_http_head { /* followed by head_bytes of JSON, then the body */
    uint32_t head_bytes;
};

struct hc_shared { /* bytes that lie in the environment's shared memory, HC_MEMORY_FD of the program's side */
    uint32_t offset;
    uint32_t length;
};

struct hc_invoke { /* followed by context_bytes of JSON, then the event */
    uint32_t kind; /* HC_CALL_* */
    uint32_t context_bytes;
};

#endif
