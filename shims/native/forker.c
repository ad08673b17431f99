#define _GNU_SOURCE
#include "shims/native/forker.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/protocol/channel.h"
#include "engine/protocol/forker.h"

/* numbers of protocol::Step, which is C++ */
enum { STEP_JOIN = 60, STEP_ENTER = 61, STEP_FORK = 62 };

enum { MOST_ARMED = 512, MOST_FDS = HC_ARM_ATTACH + HC_MOST_ATTACH_FDS, HELPER_STACK = 128 * 1024 };

struct armed_slot {
    uint64_t slot; /* 0: free entry */
    int fds[MOST_FDS];
    int count;
};

static struct armed_slot armed[MOST_ARMED];

static uint64_t monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void forget(struct armed_slot* entry) {
    for (int i = 0; i < entry->count; ++i) close(entry->fds[i]);
    entry->slot = 0;
    entry->count = 0;
}

static struct armed_slot* find(uint64_t slot) {
    for (int i = 0; i < MOST_ARMED; ++i)
        if (armed[i].slot == slot) return &armed[i];
    return NULL;
}

/* One message of the arm pipe, if there is one. 0: taken, 1: nothing there, -1: the builder has gone. */
static int take_arm_message(void) {
    struct hc_arm message;
    struct iovec part = {&message, sizeof message};
    union {
        char bytes[CMSG_SPACE(sizeof(int) * 16)];
        struct cmsghdr align;
    } control;
    struct msghdr header = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control};
    const ssize_t n = recvmsg(HC_FORKER_ARM_FD, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (n < 0) return errno == EAGAIN || errno == EINTR ? 1 : -1;
    if (n == 0) return -1;
    int fds[16];
    int count = 0;
    for (struct cmsghdr* c = CMSG_FIRSTHDR(&header); c != NULL; c = CMSG_NXTHDR(&header, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
        count = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        memcpy(fds, CMSG_DATA(c), sizeof(int) * (size_t)count);
    }
    struct armed_slot* entry = NULL;
    if (n == (ssize_t)sizeof message && message.slot != 0) {
        if (message.type == HC_DISARM) {
            entry = find(message.slot);
            if (entry != NULL) forget(entry);
            entry = NULL;
        } else if (message.type == HC_ARM && count >= HC_ARM_ATTACH && count <= MOST_FDS &&
                   find(message.slot) == NULL) {
            entry = find(0);
        }
    }
    if (entry == NULL) {
        for (int i = 0; i < count; ++i) close(fds[i]);
        return 0;
    }
    entry->slot = message.slot;
    entry->count = count;
    memcpy(entry->fds, fds, sizeof(int) * (size_t)count);
    return 0;
}

/* What helper and forker share while the forker is suspended (CLONE_VFORK). */
static struct {
    const struct armed_slot* slot;
    unsigned omit;
    volatile uint32_t failed_step;
    volatile int sys;
    volatile pid_t child;
    volatile uint64_t entered_ns;
    void* back[5]; /* __builtin_setjmp buffer: where the child goes on, on the forker's own stack */
} start;

static int refuse(uint32_t step) {
    start.failed_step = step;
    start.sys = errno;
    _exit(1);
}

/* The helper: the forker's memory, its own credentials and namespaces. Everything the child will weigh is charged to
 * the slot because the helper joins its groups before it forks. */
static int enter_and_fork(void* unused) {
    (void)unused;
    if (!(start.omit & HC_OMIT_JOIN_CGROUPS)) {
        for (int i = HC_ARM_ATTACH; i < start.slot->count; ++i)
            if (write(start.slot->fds[i], "0", 1) != 1) refuse(STEP_JOIN);
    }
    for (int i = HC_ARM_USER; i <= HC_ARM_CGROUP; ++i)
        if (setns(start.slot->fds[i], 0) != 0) refuse(STEP_ENTER);
    start.entered_ns = monotonic_ns();
    /* fork(3), not the bare call: it leaves the C library of the child in order. The helper's memory is the forker's,
     * so the child gets a copy of the forker as it stands in hc_forker_serve. */
    const pid_t child = fork();
    if (child == 0) __builtin_longjmp(start.back, 1);
    if (child < 0) refuse(STEP_FORK);
    start.child = child;
    _exit(0);
}

static __attribute__((noinline)) void run_helper(struct hc_forked* answer, char* stack) {
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    const pid_t helper = clone(enter_and_fork, stack + HELPER_STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
    if (helper < 0) {
        start.failed_step = STEP_FORK;
        start.sys = errno;
    } else {
        while (waitpid(helper, NULL, __WALL) < 0 && errno == EINTR) {}
        if (start.child == 0 && start.failed_step == 0) {
            start.failed_step = STEP_ENTER;
            start.sys = ECHILD;
        }
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    answer->pid = start.child;
    answer->failed_step = start.failed_step;
    answer->sys = start.sys;
    answer->entered_ns = start.entered_ns;
    answer->forked_ns = monotonic_ns();
}

/* In the child: from everything inside an empty slot to nothing. A failed step ends it; the front sees no READY. */
static void lock_child(unsigned omit, const struct armed_slot* slot) {
    static const int kTargets[] = {0, 1, 2, HC_CHANNEL_FD};
    const int sources[] = {slot->fds[HC_ARM_STDIN], slot->fds[HC_ARM_STDOUT], slot->fds[HC_ARM_STDERR],
                           slot->fds[HC_ARM_CHANNEL]};
    int lifted[4];
    for (int i = 0; i < 4; ++i)
        if ((lifted[i] = fcntl(sources[i], F_DUPFD_CLOEXEC, 512)) < 0) _exit(126);
    for (int i = 0; i < 4; ++i)
        if (dup2(lifted[i], kTargets[i]) < 0) _exit(126);
    if (!(omit & HC_OMIT_DESCRIPTORS) && syscall(SYS_close_range, HC_CHANNEL_FD + 1, ~0u, 0u) != 0) _exit(126);
    const struct rlimit files = {1024, 1024};
    if (setrlimit(RLIMIT_NOFILE, &files) != 0) _exit(126);
    if (!(omit & HC_OMIT_BOUNDING_SET)) {
        for (int capability = 0; capability < 64; ++capability) {
            if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) continue;
            if (errno != EINVAL) _exit(126);
            break;
        }
    }
    if (!(omit & HC_OMIT_IDS)) {
        if (syscall(SYS_setgroups, 0ul, NULL) != 0) _exit(126);
        if (syscall(SYS_setresgid, HC_USER_ID, HC_USER_ID, HC_USER_ID) != 0) _exit(126);
        const unsigned uid = omit & HC_WRONG_IDS ? 70000u : HC_USER_ID;
        if (syscall(SYS_setresuid, uid, uid, uid) != 0) _exit(126);
    }
    if (!(omit & HC_OMIT_CAPABILITIES)) {
        struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
        struct __user_cap_data_struct none[2];
        memset(none, 0, sizeof none);
        if (syscall(SYS_capset, &header, none) != 0) _exit(126);
    }
    if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) _exit(126); /* its own /proc/self belongs to it again */
}

/* One request. 1: this is the child. */
static int fork_into(const struct hc_forker_hooks* hooks, unsigned omit, const struct hc_fork* request, char* stack,
                     struct hc_child* child) {
    struct hc_forked answer;
    memset(&answer, 0, sizeof answer);
    answer.type = HC_FORKED;
    answer.slot = request->slot;
    answer.received_ns = monotonic_ns();
    struct armed_slot* volatile entry = request->slot != 0 ? find(request->slot) : NULL;
    if (entry == NULL) {
        answer.failed_step = STEP_ENTER;
        answer.sys = ENXIO;
    } else {
        memset(&start, 0, sizeof start);
        start.slot = entry;
        start.omit = omit;
        if (hooks != NULL && hooks->before_fork != NULL) hooks->before_fork();
        if (__builtin_setjmp(start.back) != 0) {
            sigset_t none;
            sigemptyset(&none);
            lock_child(start.omit, entry);
            sigprocmask(SIG_SETMASK, &none, NULL);
            child->slot = request->slot;
            child->nonce = request->nonce;
            return 1;
        }
        run_helper(&answer, stack);
        if (hooks != NULL && hooks->after_fork_in_parent != NULL) hooks->after_fork_in_parent();
        forget(entry);
    }
    while (send(HC_FORKER_CONTROL_FD, &answer, sizeof answer, MSG_NOSIGNAL) < 0 && errno == EINTR) {}
    return 0;
}

int hc_forker_serve(const struct hc_forker_hooks* hooks, unsigned omit, struct hc_child* child) {
    char* const stack =
        mmap(NULL, HELPER_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED) return -1;
    for (;;) {
        struct pollfd entries[2] = {{HC_FORKER_CONTROL_FD, POLLIN, 0}, {HC_FORKER_ARM_FD, POLLIN, 0}};
        if (poll(entries, 2, -1) < 0 && errno != EINTR) return -1;
        /* what the front asks for was armed before it could ask: read the arm pipe empty first */
        int more = entries[1].revents != 0 || entries[0].revents != 0 ? 0 : 1;
        while (more == 0) more = take_arm_message();
        if (more < 0) return -1;
        if (entries[0].revents == 0) continue;
        struct hc_fork request;
        const ssize_t n = recv(HC_FORKER_CONTROL_FD, &request, sizeof request, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (n != (ssize_t)sizeof request || request.type != HC_FORK) return -1;
        if (fork_into(hooks, omit, &request, stack, child) == 1) return 0;
    }
}

int hc_child_ready(const struct hc_child* child) {
    struct {
        struct hc_frame frame;
        struct hc_ready ready;
    } message;
    memset(&message, 0, sizeof message);
    message.frame.length = sizeof message.ready;
    message.frame.type = HC_FRAME_READY;
    message.ready.nonce = child->nonce;
    message.ready.ready_ns = monotonic_ns();
    return send(HC_CHANNEL_FD, &message, sizeof message, MSG_NOSIGNAL) == (ssize_t)sizeof message ? 0 : -errno;
}
