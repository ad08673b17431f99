#include "engine/linux/sockets/loopback.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

namespace hotcell::linux {

long connect_to_loopback(int socket, std::uint16_t port) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return ::connect(socket, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0 ? 0 : -errno;
}

long connect_result(int socket) {
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return -errno;
    if (error != 0) return -error;
    sockaddr_storage peer{};
    size = sizeof peer;
    if (::getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &size) == 0) return 0;
    return errno == ENOTCONN ? -EINPROGRESS : -errno;
}

void disconnect(int socket) {
    sockaddr none{};
    none.sa_family = AF_UNSPEC;
    (void)::connect(socket, &none, sizeof none);
}

UniqueFd accept_waiting(int listener) {
    return UniqueFd(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

}  // namespace hotcell::linux
