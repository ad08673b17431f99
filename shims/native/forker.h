/* A forker's inner half: waits to be armed and asked, and forks a locked child into a slot.
 *
 * The process that calls hc_forker_serve holds no capability at any time. It owns the slots' user namespaces by its uid
 * (user_namespaces(7)), so a helper of it may join them; the child drops there what joining gave it before it returns
 * to the language runtime. One thread; no other thread may exist (setns(2) and fork demand it).
 * Used by python (python_module.c) and by the plain C forker of the tests. */
#ifndef HOTCELL_SHIMS_NATIVE_FORKER_H
#define HOTCELL_SHIMS_NATIVE_FORKER_H

#include <stdint.h>

/* What the runtime wants to be told; any may be null. */
struct hc_forker_hooks {
    void (*before_fork)(void);
    void (*after_fork_in_parent)(void);
};

/* A bit each; set only by tests, to see the layer's absence noticed. */
enum {
    HC_OMIT_JOIN_CGROUPS = 1,
    HC_OMIT_DESCRIPTORS = 2, /* keep every inherited descriptor */
    HC_OMIT_BOUNDING_SET = 4,
    HC_OMIT_IDS = 8,
    HC_OMIT_CAPABILITIES = 16,
    HC_WRONG_IDS = 32 /* ask for an id that the slot does not map */
};

struct hc_child {
    uint64_t slot;
    uint64_t nonce;
};

/* Serves until the front closes the control pipe (returns -1) or in a forked child (returns 0, `child` filled; the
 * channel is HC_CHANNEL_FD, 0 1 2 are the slot's pipes, every other descriptor is closed, ids and capabilities dropped).
 * A step that fails in the child ends the child; in the helper it is told to the front. */
int hc_forker_serve(const struct hc_forker_hooks* hooks, unsigned omit, struct hc_child* child);

/* In the child, once the runtime is itself again: tells the front. 0 or -errno. */
int hc_child_ready(const struct hc_child* child);

#endif
