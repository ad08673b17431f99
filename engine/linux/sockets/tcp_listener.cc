#include "engine/linux/sockets/tcp_listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <charconv>
#include <cstring>

#include "engine/linux/syscall.h"

namespace hotcell::linux {

namespace {

constexpr int kBacklog = 1024;

struct Address {
    sockaddr_storage bytes{};
    socklen_t size = 0;
    std::string host;  // as in a URL
    bool loopback = false;
};

Result<Address> parse_address(std::string_view text) {
    const auto refuse = [&] {
        return fail(ErrorKind::InvalidArgument,
                    "listen: must be an address in numbers and a port, not \"" + std::string(text) + "\"",
                    "127.0.0.1:8000 or [::1]:8000");
    };
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return refuse();
    std::uint16_t port = 0;
    const auto* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, port);
    if (error != std::errc{} || stop != end) return refuse();
    Address address;
    address.host = text.substr(0, colon);
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    if (address.host.starts_with('[') && address.host.ends_with(']')) {
        const auto inner = address.host.substr(1, address.host.size() - 2);
        if (::inet_pton(AF_INET6, inner.c_str(), &v6.sin6_addr) != 1) return refuse();
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port);
        address.loopback = IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
        std::memcpy(&address.bytes, &v6, address.size = sizeof v6);
    } else {
        if (::inet_pton(AF_INET, address.host.c_str(), &v4.sin_addr) != 1) return refuse();
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        address.loopback = (ntohl(v4.sin_addr.s_addr) >> 24) == 127;
        std::memcpy(&address.bytes, &v4, address.size = sizeof v4);
    }
    return address;
}

}  // namespace

Result<TcpListener> listen_at_tcp(std::string_view text) {
    auto address = TRY(parse_address(text));
    const std::string shown(text);
    TcpListener listener;
    listener.fd = UniqueFd(TRY(syscall("make a socket", [&] {
        return ::socket(address.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    })));
    const int fd = listener.fd.get();
    const int on = 1;
    TRY(syscall("reuse an address", [&] { return ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on); }));
    auto* const at = reinterpret_cast<sockaddr*>(&address.bytes);
    TRY(syscall("bind " + shown, [&] { return ::bind(fd, at, address.size); }));
    TRY(syscall("listen at " + shown, [&] { return ::listen(fd, kBacklog); }));
    TRY(syscall("ask for the port", [&] { return ::getsockname(fd, at, &address.size); }));
    // the port stands at the same place in both kinds of address
    listener.port = ntohs(reinterpret_cast<const sockaddr_in*>(at)->sin_port);
    const auto port = ":" + std::to_string(listener.port);
    listener.shown = address.host + port;
    listener.hosts = {listener.shown};
    if (address.loopback) listener.hosts.push_back("localhost" + port);
    return listener;
}

}  // namespace hotcell::linux
