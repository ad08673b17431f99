/* _hotcell: the forker's inner half for CPython, and the channel of a forked child. Stable ABI. */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x03090000
#define _GNU_SOURCE
#include <Python.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/protocol/channel.h"
#include "engine/protocol/forker.h"
#include "shims/native/forker.h"

static void before_fork(void) { PyOS_BeforeFork(); }
static void after_fork_in_parent(void) { PyOS_AfterFork_Parent(); }

static struct hc_child child;

static PyObject* serve(PyObject* self, PyObject* args) {
    (void)self;
    (void)args;
    const struct hc_forker_hooks hooks = {before_fork, after_fork_in_parent};
    if (hc_forker_serve(&hooks, 0, &child) != 0) return PyBool_FromLong(0);
    PyOS_AfterFork_Child();
    return PyBool_FromLong(1);
}

static PyObject* ready(PyObject* self, PyObject* args) {
    (void)self;
    (void)args;
    const int result = hc_child_ready(&child);
    if (result < 0) {
        errno = -result;
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    return PyBool_FromLong(1);
}

static int read_exactly(void* to, size_t size) {
    char* at = to;
    while (size > 0) {
        const ssize_t n = read(HC_CHANNEL_FD, at, size);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return -1;
        at += n;
        size -= (size_t)n;
    }
    return 0;
}

enum { SHIM_FDS = 3, ABOVE = 16 };

/* The head of the first frame, which is written as a whole, and the descriptors that come with it, moved out of the way. Their
 * number or -1. */
static int receive_head(struct hc_frame* frame, int fds[SHIM_FDS]) {
    struct iovec part = {frame, sizeof *frame};
    union {
        char bytes[CMSG_SPACE(SHIM_FDS * sizeof(int))];
        struct cmsghdr align;
    } control;
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control};
    ssize_t n;
    do { n = recvmsg(HC_CHANNEL_FD, &message, MSG_CMSG_CLOEXEC); } while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof *frame) return -1;
    const struct cmsghdr* const with = CMSG_FIRSTHDR(&message);
    if (with == NULL || with->cmsg_level != SOL_SOCKET || with->cmsg_type != SCM_RIGHTS) return 0;
    const int count = (int)((with->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    memcpy(fds, CMSG_DATA(with), (size_t)count * sizeof(int));
    for (int i = 0; i < count; ++i) {
        const int moved = fcntl(fds[i], F_DUPFD_CLOEXEC, ABOVE);
        if (moved < 0) return -1;
        close(fds[i]);
        fds[i] = moved;
    }
    return count;
}

/* In place of the channel, once all of the first frame has come over it. */
static int place_descriptors(const int fds[SHIM_FDS], int count) {
    static const int kTargets[SHIM_FDS] = {HC_CALLS_FD, HC_ANSWERS_FD, HC_MEMORY_FD};
    for (int i = 0; i < count; ++i) {
        if (dup3(fds[i], kTargets[i], O_CLOEXEC) < 0) return -1;
        close(fds[i]);
    }
    return 0;
}

/* Splits argc + envc NUL-ended strings into two lists; null with an exception when they do not fit. */
static PyObject* split(const char* text, size_t length, uint32_t argc, uint32_t envc) {
    PyObject* const lists[2] = {PyList_New(0), PyList_New(0)};
    if (lists[0] == NULL || lists[1] == NULL) goto failed;
    for (uint32_t i = 0; i < argc + envc; ++i) {
        const size_t size = strnlen(text, length);
        if (size == length) {
            PyErr_SetString(PyExc_ValueError, "run request: a string is not ended");
            goto failed;
        }
        PyObject* const item = PyUnicode_DecodeFSDefaultAndSize(text, (Py_ssize_t)size);
        if (item == NULL || PyList_Append(lists[i >= argc], item) != 0) goto failed;
        Py_DecRef(item);
        text += size + 1;
        length -= size + 1;
    }
    return Py_BuildValue("(NN)", lists[0], lists[1]);
failed:
    Py_DecRef(lists[0]);
    Py_DecRef(lists[1]);
    return NULL;
}

/* ([argv], ["NAME=value"]) of a Run frame's payload. */
static PyObject* run_request(const char* payload, size_t length) {
    struct hc_run run;
    if (length < sizeof run) {
        PyErr_SetString(PyExc_ValueError, "run request: cut short");
        return NULL;
    }
    memcpy(&run, payload, sizeof run);
    length -= sizeof run;
    if (run.argc == 0 || run.argc > length || run.envc > length) {
        PyErr_SetString(PyExc_ValueError, "run request: counts out of range");
        return NULL;
    }
    return split(payload + sizeof run, length, run.argc, run.envc);
}

/* What this child is to be: a pair of lists, the program of a Run frame; bytes, the payload of a Load frame; None when
 * the front has closed the channel instead. */
static PyObject* receive_first(PyObject* self, PyObject* args) {
    (void)self;
    (void)args;
    struct hc_frame frame;
    int fds[SHIM_FDS];
    const int count = receive_head(&frame, fds);
    if (count < 0) return Py_BuildValue("");
    const int is_run = frame.type == HC_FRAME_RUN && frame.length <= HC_MOST_RUN_BYTES;
    if (!is_run && !(frame.type == HC_FRAME_LOAD && frame.length <= HC_MOST_LOAD_BYTES)) {
        PyErr_SetString(PyExc_ValueError, "first request: neither a Run nor a Load frame, or too long");
        return NULL;
    }
    char* const payload = PyMem_Malloc((size_t)frame.length + 1);
    if (payload == NULL) return PyErr_NoMemory();
    PyObject* result = NULL;
    if (read_exactly(payload, frame.length) != 0 || place_descriptors(fds, count) != 0)
        PyErr_SetString(PyExc_ValueError, "first request: cut short");
    else if (is_run)
        result = run_request(payload, frame.length);
    else
        result = PyBytes_FromStringAndSize(payload, (Py_ssize_t)frame.length);
    PyMem_Free(payload);
    return result;
}

static PyMethodDef methods[] = {
    {"serve", serve, METH_NOARGS, "Serve forks; True in a forked child, False when the front has gone."},
    {"ready", ready, METH_NOARGS, "Tell the front that this child is locked and waiting."},
    {"receive_first", receive_first, METH_NOARGS, "The program this child is to run, or the environment to become."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_hotcell", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__hotcell(void) { return PyModule_Create(&definition); }
