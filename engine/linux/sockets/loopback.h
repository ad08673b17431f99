// TCP within one machine: sockets that somebody else has made, connected to 127.0.0.1 again and again; one accepted.
//
// Nothing here waits. Threads: free functions, any. Kernel: tcp(7), connect(2).
#pragma once

#include <cstdint>

#include "engine/linux/unique_fd.h"

namespace hotcell::linux {

/// Begins to connect. 0: done; -EINPROGRESS: it is once the socket is writable, ask connect_result(); otherwise -errno.
long connect_to_loopback(int socket, std::uint16_t port);
/// 0: connected; -EINPROGRESS: not yet; otherwise why not.
long connect_result(int socket);
/// Ends a connection, or what has become of an attempt, at once: what was not sent or read is gone. The socket may be
/// connected again (connect(2), AF_UNSPEC).
void disconnect(int socket);
/// One connection that waits at a listening socket, non-blocking; empty when there is none.
UniqueFd accept_waiting(int listener);

}  // namespace hotcell::linux
