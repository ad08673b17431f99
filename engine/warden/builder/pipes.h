// The pipes and sockets of one sandbox, made in pairs: our end for the front, their end for the program.
#pragma once

#include "engine/base/result.h"
#include "engine/linux/unique_fd.h"

namespace hotcell::warden {

struct Pair {
    linux::UniqueFd ours;    // O_NONBLOCK: it goes to the front's event loop
    linux::UniqueFd theirs;  // blocking
};

enum class Direction { ToProgram, FromProgram };

/// A pipe owned, inode and all, by `uid`, so that the program may reopen it as /dev/stdout (proc(5)).
Result<Pair> make_pipe(Direction direction, std::uint32_t uid);
/// A socketpair; `type` is SOCK_STREAM or SOCK_SEQPACKET.
Result<Pair> make_socketpair(int type);

}  // namespace hotcell::warden
