#include "engine/warden/builder/slot_network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/socket.h>

#include <cstdlib>

#include "engine/linux/netlink/link.h"
#include "engine/linux/syscall.h"

namespace hotcell::warden {

using linux::syscall;
using linux::UniqueFd;

namespace {

constexpr int kBacklog = 64;
/// What a peer can make the kernel keep is not charged to it: the buffers do not grow by themselves (tcp(7)).
constexpr int kBufferBytes = 256 * 1024;

/// The builder goes there itself and comes back.
class Visit {
public:
    static Result<> enter(int init) {
        TRY(syscall("enter a network namespace", [&] { return ::setns(init, CLONE_NEWNET); }));
        return {};
    }
    explicit Visit(int own) : own_(own) {}
    Visit(const Visit&) = delete;
    ~Visit() {
        if (::setns(own_, CLONE_NEWNET) != 0) ::abort();  // a builder in a stranger's network serves nobody
    }

private:
    int own_;
};

Result<UniqueFd> make_tcp_socket() {
    UniqueFd fd(TRY(syscall("make a TCP socket", [] {
        return ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
    })));
    const int on = 1;
    const auto set = [&](int level, int option, const int& value) {
        return syscall("set a TCP socket up",
                       [&] { return ::setsockopt(fd.get(), level, option, &value, sizeof value); });
    };
    TRY(set(IPPROTO_TCP, TCP_NODELAY, on));
    TRY(set(SOL_SOCKET, SO_RCVBUF, kBufferBytes));
    TRY(set(SOL_SOCKET, SO_SNDBUF, kBufferBytes));
    return fd;
}

Result<UniqueFd> listen_at(std::uint16_t port) {
    UniqueFd fd = TRY(make_tcp_socket());
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    TRY(syscall("bind a TCP socket",
                [&] { return ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at); }));
    TRY(syscall("listen on a TCP socket", [&] { return ::listen(fd.get(), kBacklog); }));
    return fd;
}

Result<SlotSockets> make(const SocketWish& wish) {
    SlotSockets sockets;
    for (std::uint32_t i = 0; i < wish.connections; ++i) sockets.connections.push_back(TRY(make_tcp_socket()));
    if (wish.listen_port != 0) sockets.listener = TRY(listen_at(wish.listen_port));
    return sockets;
}

}  // namespace

Result<SlotSockets> furnish_network(int init, int own, const SocketWish& wish) {
    TRY(Visit::enter(init));
    const Visit visit(own);
    TRY(linux::set_link_up("lo"));
    return make(wish);
}

Result<SlotSockets> make_sockets(int init, int own, const SocketWish& wish) {
    TRY(Visit::enter(init));
    const Visit visit(own);
    return make(wish);
}

}  // namespace hotcell::warden
