#include "engine/programs/init/executor.h"

#include <fcntl.h>
#include <time.h>

#include "engine/linux/raw/calls.h"
#include "engine/linux/raw/fd_passing.h"
#include "engine/protocol/channel.h"
#include "engine/protocol/forker.h"
#include "engine/protocol/steps.h"

namespace hotcell::init {

namespace raw = hotcell::linux::raw;

namespace {

constexpr std::uint32_t kMostStrings = 4096;

// In .bss: pages are touched only as far as a request fills them.
char strings[HC_MOST_RUN_BYTES + 1];
char* pointers[kMostStrings + 2];
int channel = HC_CHANNEL_FD;

[[noreturn]] void refuse(protocol::Step step, long error) {
    struct {
        hc_frame frame;
        hc_failed failed;
    } message{{sizeof(hc_failed), HC_FRAME_FAILED, 0, 0},
              {static_cast<std::uint32_t>(step), static_cast<std::int32_t>(-error)}};
    (void)raw::write_all(channel, &message, sizeof message);
    ::_exit(127);
}

/// The strings of the request as two NULL-ended lists in `pointers`; false when the counts do not fit the bytes.
bool split_strings(const hc_run& run, std::uint32_t bytes, char**& environment) {
    if (run.argc == 0 || run.argc > kMostStrings || run.envc > kMostStrings - run.argc) return false;
    char* at = strings;
    char* const end = strings + bytes;
    std::uint32_t slot = 0;
    for (std::uint32_t i = 0; i < run.argc + run.envc; ++i) {
        if (i == run.argc) pointers[slot++] = nullptr;
        if (at >= end) return false;
        pointers[slot++] = at;
        while (at < end && *at != '\0') ++at;
        if (at == end) return false;
        ++at;
    }
    if (run.envc == 0) pointers[slot++] = nullptr;
    pointers[slot] = nullptr;
    environment = pointers + run.argc + 1;
    return at == end;
}

bool begins_with(const char* text, const char* prefix) {
    while (*prefix != '\0' && *text == *prefix) ++text, ++prefix;
    return *prefix == '\0';
}

const char* search_path(char** environment) {
    for (; *environment != nullptr; ++environment)
        if (begins_with(*environment, "PATH=")) return *environment + 5;
    return "/usr/bin:/bin";
}

/// The next directory of a search path, a slash and `name` in `program`; false when that is too long. `path` moves on.
bool join_next(const char*& path, const char* name, char (&program)[512]) {
    std::size_t n = 0;
    bool fits = true;
    const auto add = [&](char c) {
        if (n + 1 < sizeof program)
            program[n++] = c;
        else
            fits = false;
    };
    for (; *path != '\0' && *path != ':'; ++path) add(*path);
    if (*path == ':') ++path;
    add('/');
    while (*name != '\0') add(*name++);
    program[n] = '\0';
    return fits;
}

/// execve; a name without a slash is looked for where PATH of its own environment says (execvp(3)). -errno.
long exec_program(char** arguments, char** environment) {
    const char* name = arguments[0];
    for (const char* at = name; *at != '\0'; ++at)
        if (*at == '/') return raw::call(SYS_execve, name, arguments, environment);
    long result = -ENOENT;
    const char* path = search_path(environment);
    while (*path != '\0') {
        char program[512];
        if (!join_next(path, name, program)) continue;
        const long error = raw::call(SYS_execve, program, arguments, environment);
        if (error != -ENOENT && error != -ENOTDIR) result = error;
        if (error != -ENOENT && error != -ENOTDIR && error != -EACCES) break;
    }
    return result;
}

std::uint64_t monotonic_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000ULL + static_cast<std::uint64_t>(now.tv_nsec);
}

/// Those of a shim, which its program keeps; the channel ends with the exec. 0 or -errno.
long place_descriptors(int* passed, int count) {
    constexpr int kTargets[] = {HC_CALLS_FD, HC_ANSWERS_FD, HC_MEMORY_FD};
    constexpr int kAbove = 16;
    if (count == 0) return 0;
    if (count > 3) return -EPROTO;
    const long moved = raw::call(SYS_fcntl, channel, F_DUPFD_CLOEXEC, kAbove);
    if (moved < 0) return moved;
    channel = static_cast<int>(moved);
    for (int i = 0; i < count; ++i) {  // out of each other's way
        const long result = raw::call(SYS_fcntl, passed[i], F_DUPFD_CLOEXEC, kAbove);
        if (result < 0) return result;
        ::close(passed[i]);
        passed[i] = static_cast<int>(result);
    }
    for (int i = 0; i < count; ++i)
        if (const long result = raw::call(SYS_dup3, passed[i], kTargets[i], 0); result < 0) return result;
    return 0;
}

}  // namespace

void wait_and_exec() {
    struct {
        hc_frame frame;
        hc_ready ready;
    } hello{{sizeof(hc_ready), HC_FRAME_READY, 0, 0}, {0, monotonic_ns()}};
    if (raw::write_all(HC_CHANNEL_FD, &hello, sizeof hello) < 0) ::_exit(127);

    hc_frame frame{};
    int passed[raw::kMostPassedFds];
    int count = 0;
    // a frame's head is written as a whole; with it comes what makes a shim
    if (raw::receive_with_fds(HC_CHANNEL_FD, &frame, sizeof frame, passed, count) != sizeof frame)
        ::_exit(0);  // not needed any more
    hc_run run{};
    if (frame.type != HC_FRAME_RUN || frame.length < sizeof run || frame.length > HC_MOST_RUN_BYTES)
        refuse(protocol::Step::ChildExec, -EPROTO);
    const auto text_bytes = static_cast<std::uint32_t>(frame.length - sizeof run);
    if (raw::read_all(HC_CHANNEL_FD, &run, sizeof run) < 0 || raw::read_all(HC_CHANNEL_FD, strings, text_bytes) < 0)
        ::_exit(0);
    char** environment = nullptr;
    if (!split_strings(run, text_bytes, environment)) refuse(protocol::Step::ChildExec, -EPROTO);
    if (const long result = raw::call(SYS_chdir, "/code"); result < 0) refuse(protocol::Step::ChildExec, result);
    if (const long result = place_descriptors(passed, count); result < 0) refuse(protocol::Step::ChildExec, result);
    refuse(protocol::Step::ChildExec, exec_program(pointers, environment));
}

}  // namespace hotcell::init
