#include "engine/warden/builder/pipes.h"

#include <fcntl.h>
#include <sys/socket.h>

#include "engine/linux/syscall.h"

namespace hotcell::warden {

using linux::syscall;
using linux::UniqueFd;

namespace {

Result<> make_nonblocking(int fd) {
    TRY(syscall("make a descriptor non-blocking",
                [&] { return ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK); }));
    return {};
}

}  // namespace

Result<Pair> make_pipe(Direction direction, std::uint32_t uid) {
    int ends[2];
    TRY(syscall("make a pipe", [&] { return ::pipe2(ends, O_CLOEXEC); }));
    UniqueFd read_end(ends[0]);
    UniqueFd write_end(ends[1]);
    TRY(syscall("give a pipe to the program", [&] { return ::fchown(ends[0], uid, uid); }));
    Pair pair = direction == Direction::ToProgram ? Pair{std::move(write_end), std::move(read_end)}
                                                  : Pair{std::move(read_end), std::move(write_end)};
    TRY(make_nonblocking(pair.ours.get()));
    return pair;
}

Result<Pair> make_socketpair(int type) {
    int ends[2];
    TRY(syscall("make a socketpair", [&] { return ::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends); }));
    Pair pair{UniqueFd(ends[0]), UniqueFd(ends[1])};
    TRY(make_nonblocking(pair.ours.get()));
    return pair;
}

}  // namespace hotcell::warden
