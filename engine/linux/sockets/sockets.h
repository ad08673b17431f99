// Unix sockets and pipes as the front uses them: pairs, and one read or write that never waits.
//
// Here: pairs of SOCK_SEQPACKET, receive and send with or without descriptors. Not here: who is written to when
// (environment/reactor). Threads: free functions, any. Kernel: unix(7), pipe(7).
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/linux/unique_fd.h"

namespace hotcell::linux {

struct SocketPair {
    UniqueFd ours;    // non-blocking
    UniqueFd theirs;  // blocking
};
/// A SOCK_SEQPACKET pair, both ends close-on-exec.
Result<SocketPair> make_message_pair();

/// A pipe of which this side never waits and the other does.
struct Pipe {
    UniqueFd ours;
    UniqueFd theirs;
};
Result<Pipe> make_pipe_to_read();  // ours is the end that reads
Result<Pipe> make_pipe_to_write();

/// What arrived on a message socket. `size` 0: the other side has gone; negative: -errno, -EAGAIN when nothing is there.
struct Received {
    long size = 0;
    std::vector<UniqueFd> fds;
};
/// One message of at most `most` bytes into `data`; a longer one is -EMSGSIZE.
Received receive_message(int socket, void* data, std::size_t most);
/// One message, whole. 0 or -errno; -EAGAIN when the socket is full.
long send_message(int socket, const void* data, std::size_t size);

/// Up to `most` bytes of a pipe or stream socket. The number, 0 at its end, or -errno.
long read_some(int fd, char* data, std::size_t most);
/// Some of `bytes`. The number or -errno. On a pipe whose reader has gone the calling thread must have SIGPIPE blocked.
long write_some(int fd, std::string_view bytes);
/// The same on a stream socket, with descriptors that go with the first of the bytes; they stay open here.
long write_some_with(int socket, std::string_view bytes, const std::vector<int>& descriptors);

/// Waits until `fd` can be read or has ended. False after `milliseconds`.
bool wait_readable(int fd, int milliseconds);

/// True when one of them can be read or has ended. Negative ones are passed over; does not wait.
bool any_readable(std::array<int, 3> fds);

/// True when the other end of a socket has been closed, for both directions.
bool has_hung_up(int socket);

/// The other end of a stream socket reads the end of what comes; it may still send.
void end_sending(int socket);

/// Keeps every signal away from the calling thread: the host program's handlers run on its own threads, and writing to
/// a pipe without a reader is EPIPE and nothing else (signal(7): SIGPIPE goes to the writing thread).
void block_signals_of_this_thread();
/// Of all signals this one alone: for a thread that is the host program's own.
void block_sigpipe_of_this_thread();

}  // namespace hotcell::linux
