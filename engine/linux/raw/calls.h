// Calls for code that may neither allocate nor lock: between clone and exec, in hotcell-init, in the forker's stub.
//
// Each returns what the kernel returns, with -errno for a refusal; nothing here touches errno, the heap or iostreams.
// The wrappers with words (linux/syscall.h) are for everybody else.
#pragma once

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace hotcell::linux::raw {

template <class... Args>
inline long call(long number, Args... args) noexcept {
    const long value = ::syscall(number, args...);
    return value < 0 ? -static_cast<long>(errno) : value;
}

/// clone3(2) without CLONE_VM: a fork with flags. 0 in the child. `pidfd` is written when flags has CLONE_PIDFD.
inline long clone_process(std::uint64_t flags, int* pidfd, int exit_signal) noexcept {
    clone_args args{};
    args.flags = flags;
    args.pidfd = reinterpret_cast<std::uint64_t>(pidfd);
    args.exit_signal = static_cast<std::uint64_t>(exit_signal);
    return call(SYS_clone3, &args, sizeof args);
}

inline long open_tree(int dir, const char* path, unsigned flags) noexcept {
    return call(SYS_open_tree, dir, path, flags);
}
inline long move_mount(int from, const char* from_path, int to, const char* to_path, unsigned flags) noexcept {
    return call(SYS_move_mount, from, from_path, to, to_path, flags);
}
inline long mount_setattr(int dir, const char* path, unsigned flags, std::uint64_t set, std::uint64_t clear) noexcept {
    mount_attr attributes{};
    attributes.attr_set = set;
    attributes.attr_clr = clear;
    return call(SYS_mount_setattr, dir, path, flags, &attributes, sizeof attributes);
}

inline long close_range(unsigned first, unsigned last, unsigned flags) noexcept {
    return call(SYS_close_range, first, last, flags);
}
inline long pidfd_send_signal(int pidfd, int signal) noexcept {
    return call(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0);
}

/// All five capability sets but the bounding set, of the calling thread, to nothing (capabilities(7)).
inline long clear_capabilities() noexcept {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2]{};
    return call(SYS_capset, &header, data);
}

/// Empties the bounding set; needs CAP_SETPCAP. Stops at the first number the kernel does not know.
inline long drop_bounding_set() noexcept {
    for (unsigned long capability = 0; capability < 64; ++capability) {
        const long result = call(SYS_prctl, PR_CAPBSET_DROP, capability, 0UL, 0UL, 0UL);
        if (result == -EINVAL) return 0;
        if (result < 0) return result;
    }
    return 0;
}

inline long write_all(int fd, const void* data, std::size_t size) noexcept {
    const char* from = static_cast<const char*>(data);
    while (size > 0) {
        const long n = call(SYS_write, fd, from, size);
        if (n == -EINTR) continue;
        if (n < 0) return n;
        from += n;
        size -= static_cast<std::size_t>(n);
    }
    return 0;
}

/// Reads exactly `size` bytes; -EPIPE when the other side ends first.
inline long read_all(int fd, void* data, std::size_t size) noexcept {
    char* to = static_cast<char*>(data);
    while (size > 0) {
        const long n = call(SYS_read, fd, to, size);
        if (n == -EINTR) continue;
        if (n < 0) return n;
        if (n == 0) return -EPIPE;
        to += n;
        size -= static_cast<std::size_t>(n);
    }
    return 0;
}

}  // namespace hotcell::linux::raw
