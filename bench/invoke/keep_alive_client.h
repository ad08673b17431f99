// The least of an HTTP/1.1 client: one kept connection to a Unix socket or a port of this machine, one request at a time with the fields
// that curl sends, answers with a length.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>

namespace hotcell::bench {

struct Reply {
    int status = 0;
    std::string head;
    std::string body;
};

class KeepAliveClient {
public:
    explicit KeepAliveClient(const std::string& path) {
        fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
            throw std::runtime_error("connect to " + path);
    }
    explicit KeepAliveClient(std::uint16_t port) : host_("127.0.0.1:" + std::to_string(port)) {
        fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const int on = 1;
        ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
            throw std::runtime_error("connect to port " + std::to_string(port));
    }
    ~KeepAliveClient() { ::close(fd_); }
    KeepAliveClient(const KeepAliveClient&) = delete;

    Reply ask(std::string_view method, const std::string& target, std::string_view body) {
        request_.assign(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: ").append(host_);
        request_.append("\r\nUser-Agent: bench/1.0\r\nAccept: */*\r\nContent-Type: application/octet-stream");
        request_.append("\r\nContent-Length: ").append(std::to_string(body.size())).append("\r\n\r\n").append(body);
        for (std::size_t sent = 0; sent < request_.size();) {
            const ssize_t n = ::send(fd_, request_.data() + sent, request_.size() - sent, MSG_NOSIGNAL);
            if (n <= 0) throw std::runtime_error("send a request");
            sent += static_cast<std::size_t>(n);
        }
        return read_reply();
    }

private:
    Reply read_reply() {
        std::size_t end;
        while ((end = received_.find("\r\n\r\n")) == std::string::npos) receive();
        Reply reply;
        reply.head = received_.substr(0, end + 2);
        reply.status = std::atoi(reply.head.c_str() + sizeof "HTTP/1.1");
        std::size_t length = 0;
        const std::size_t at = reply.head.find("Content-Length: ");
        // not every server spells it so
        if (const char* found = at != std::string::npos ? reply.head.c_str() + at
                                                        : ::strcasestr(reply.head.c_str(), "content-length: "))
            length = std::strtoul(found + 16, nullptr, 10);
        received_.erase(0, end + 4);
        while (received_.size() < length) receive();
        reply.body = received_.substr(0, length);
        received_.erase(0, length);
        return reply;
    }
    /// Waits in poll(2), as libcurl and event loops do: who waits in recv(2) on a Unix socket is woken once more for each request,
    /// when the other side takes it (the kernel wakes all sleepers of a socket then, but of those in poll only who wait to write).
    void receive() {
        char part[65536];
        pollfd readable{fd_, POLLIN, 0};
        (void)::poll(&readable, 1, -1);
        const ssize_t n = ::recv(fd_, part, sizeof part, 0);
        if (n <= 0) throw std::runtime_error("the connection ended before its answer");
        received_.append(part, static_cast<std::size_t>(n));
    }

    int fd_ = -1;
    std::string host_ = "hotcell";
    std::string request_;
    std::string received_;
};

}  // namespace hotcell::bench
