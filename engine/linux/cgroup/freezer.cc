#include "engine/linux/cgroup/freezer.h"

#include <fcntl.h>
#include <poll.h>

#include <cerrno>
#include <cstring>

#include "engine/base/clock.h"
#include "engine/linux/unique_fd.h"

namespace hotcell::linux::cgroup {

namespace {

constexpr std::uint64_t kNanosPerMilli = 1'000'000;
constexpr int kV1PollMs = 1;  // freezer.state sends no event: reading it is what makes the kernel look again

bool write_word(int fd, const char* word) {
    for (;;) {
        if (::write(fd, word, std::strlen(word)) >= 0) return true;
        if (errno != EINTR) return false;
    }
}

/// Reads the file from its start and looks for `word`.
bool says(int fd, const char* word) {
    char text[256];
    const ssize_t n = ::pread(fd, text, sizeof text - 1, 0);
    if (n <= 0) return false;
    text[n] = 0;
    return std::strstr(text, word) != nullptr;
}

/// Milliseconds until `deadline`, rounded up; 0 when it has passed.
int left(std::uint64_t deadline) {
    const std::uint64_t now = monotonic_ns();
    return now >= deadline ? 0 : static_cast<int>((deadline - now + kNanosPerMilli - 1) / kNanosPerMilli);
}

bool freeze_unified(int directory, int switch_fd, std::uint64_t deadline) {
    const UniqueFd events(::openat(directory, "cgroup.events", O_RDONLY | O_CLOEXEC));
    if (!events || !write_word(switch_fd, "1")) return false;
    while (!says(events.get(), "frozen 1")) {
        const int wait = left(deadline);
        if (wait == 0) return false;
        pollfd entry{events.get(), POLLPRI, 0};
        (void)::poll(&entry, 1, wait);
    }
    return true;
}

bool freeze_v1(int directory, std::uint64_t deadline) {
    const UniqueFd state(::openat(directory, "freezer.state", O_RDWR | O_CLOEXEC));
    if (!state || !write_word(state.get(), "FROZEN")) return false;
    while (!says(state.get(), "FROZEN")) {
        if (left(deadline) == 0) return false;
        (void)::poll(nullptr, 0, kV1PollMs);
    }
    return true;
}

}  // namespace

bool freeze(int directory, int deadline_ms) {
    const std::uint64_t deadline = monotonic_ns() + static_cast<std::uint64_t>(deadline_ms) * kNanosPerMilli;
    const UniqueFd unified(::openat(directory, "cgroup.freeze", O_WRONLY | O_CLOEXEC));
    return unified ? freeze_unified(directory, unified.get(), deadline) : freeze_v1(directory, deadline);
}

bool thaw(int directory) {
    const UniqueFd unified(::openat(directory, "cgroup.freeze", O_WRONLY | O_CLOEXEC));
    if (unified) return write_word(unified.get(), "0");
    const UniqueFd state(::openat(directory, "freezer.state", O_WRONLY | O_CLOEXEC));
    return state && write_word(state.get(), "THAWED");
}

}  // namespace hotcell::linux::cgroup
