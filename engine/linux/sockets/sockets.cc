#include "engine/linux/sockets/sockets.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include "engine/linux/raw/fd_passing.h"
#include "engine/linux/syscall.h"

namespace hotcell::linux {

Result<SocketPair> make_message_pair() {
    int ends[2];
    TRY(syscall("make a socketpair", [&] { return ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends); }));
    SocketPair pair{UniqueFd(ends[0]), UniqueFd(ends[1])};
    TRY(syscall("make a socket non-blocking", [&] { return ::fcntl(ends[0], F_SETFL, O_NONBLOCK); }));
    return pair;
}

namespace {
Result<Pipe> make_pipe(int our_end) {
    int ends[2];
    TRY(syscall("make a pipe", [&] { return ::pipe2(ends, O_CLOEXEC); }));
    Pipe pipe{UniqueFd(ends[our_end]), UniqueFd(ends[1 - our_end])};
    TRY(syscall("make a pipe non-blocking", [&] { return ::fcntl(pipe.ours.get(), F_SETFL, O_NONBLOCK); }));
    return pipe;
}
}  // namespace

Result<Pipe> make_pipe_to_read() { return make_pipe(0); }
Result<Pipe> make_pipe_to_write() { return make_pipe(1); }

Received receive_message(int socket, void* data, std::size_t most) {
    Received received;
    int numbers[raw::kMostPassedFds];
    int count = 0;
    received.size = raw::receive_with_fds(socket, data, most, numbers, count, MSG_DONTWAIT);
    for (int i = 0; i < count; ++i) received.fds.emplace_back(numbers[i]);
    return received;
}

long send_message(int socket, const void* data, std::size_t size) {
    return raw::send_with_fds(socket, data, size, nullptr, 0, MSG_DONTWAIT);
}

long read_some(int fd, char* data, std::size_t most) {
    long n;
    do { n = raw::call(SYS_read, fd, data, most); } while (n == -EINTR);
    return n;
}

long write_some(int fd, std::string_view bytes) {
    long n;
    do { n = raw::call(SYS_write, fd, bytes.data(), bytes.size()); } while (n == -EINTR);
    return n;
}

long write_some_with(int socket, std::string_view bytes, const std::vector<int>& descriptors) {
    return raw::send_some_with_fds(socket, bytes.data(), bytes.size(), descriptors.data(),
                                   static_cast<int>(descriptors.size()), MSG_DONTWAIT);
}

bool wait_readable(int fd, int milliseconds) {
    pollfd entry{fd, POLLIN, 0};
    for (;;) {
        const int n = ::poll(&entry, 1, milliseconds);
        if (n >= 0) return n == 1;
        if (errno != EINTR) return false;
    }
}

bool any_readable(std::array<int, 3> fds) {
    std::array<pollfd, 3> entries{};
    for (std::size_t i = 0; i < fds.size(); ++i) entries[i] = {fds[i], POLLIN, 0};
    return ::poll(entries.data(), entries.size(), 0) != 0;
}

bool has_hung_up(int socket) {
    pollfd entry{socket, 0, 0};
    return ::poll(&entry, 1, 0) == 1 && (entry.revents & (POLLHUP | POLLERR)) != 0;
}

void end_sending(int socket) { (void)::shutdown(socket, SHUT_WR); }

void block_signals_of_this_thread() {
    sigset_t all;
    sigfillset(&all);
    (void)::pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

void block_sigpipe_of_this_thread() {
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, SIGPIPE);
    (void)::pthread_sigmask(SIG_BLOCK, &one, nullptr);
}

}  // namespace hotcell::linux
