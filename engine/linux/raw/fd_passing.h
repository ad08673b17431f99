// Messages with descriptors over Unix sockets (unix(7), SCM_RIGHTS): whole ones, or the beginning of a stream's. No heap, no errno.
#pragma once

#include <sys/socket.h>

#include <cstring>

#include "engine/linux/raw/calls.h"

namespace hotcell::linux::raw {

inline constexpr int kMostPassedFds = 16;

/// Sends bytes with `count` descriptors (they stay open here). How many of `size` bytes, or -errno.
inline long send_some_with_fds(int socket, const void* data, std::size_t size, const int* fds, int count,
                               int flags = 0) noexcept {
    iovec part{const_cast<void*>(data), size};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMostPassedFds)] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (count > kMostPassedFds) return -EINVAL;
    if (count > 0) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * static_cast<std::size_t>(count));
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * static_cast<std::size_t>(count));
        std::memcpy(CMSG_DATA(header), fds, sizeof(int) * static_cast<std::size_t>(count));
    }
    for (;;) {
        const long n = call(SYS_sendmsg, socket, &message, MSG_NOSIGNAL | flags);
        if (n != -EINTR) return n;
    }
}

/// Sends `size` bytes as one message with `count` descriptors (they stay open here). 0 or -errno.
inline long send_with_fds(int socket, const void* data, std::size_t size, const int* fds, int count,
                          int flags = 0) noexcept {
    const long n = send_some_with_fds(socket, data, size, fds, count, flags);
    if (n < 0) return n;
    return static_cast<std::size_t>(n) == size ? 0 : -EMSGSIZE;
}

/// Receives one message of at most `size` bytes and its descriptors (close-on-exec), at most kMostPassedFds.
/// The number of bytes, 0 at the end of the stream, or -errno; -EMSGSIZE (all descriptors closed) when it was cut.
inline long receive_with_fds(int socket, void* data, std::size_t size, int* fds, int& count, int flags = 0) noexcept {
    iovec part{data, size};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMostPassedFds)];
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    count = 0;
    long n;
    do { n = call(SYS_recvmsg, socket, &message, MSG_CMSG_CLOEXEC | flags); } while (n == -EINTR);
    if (n < 0) return n;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        count = static_cast<int>((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        std::memcpy(fds, CMSG_DATA(header), sizeof(int) * static_cast<std::size_t>(count));
    }
    if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
        for (int i = 0; i < count; ++i) ::close(fds[i]);
        count = 0;
        return -EMSGSIZE;
    }
    return n;
}

}  // namespace hotcell::linux::raw
