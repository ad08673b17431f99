// A client that sends exactly the bytes it is told to, and reads until the other end says no more.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "engine/linux/unique_fd.h"

namespace hotcell::api {

class RawClient {
public:
    explicit RawClient(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        if (::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
            throw std::runtime_error("connect to " + path);
    }

    /// Over TCP, to a port of 127.0.0.1.
    explicit RawClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
            throw std::runtime_error("connect to port " + std::to_string(port));
    }

    /// False when the server has closed the connection.
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    /// Goes away in the middle of things: over TCP the other end sees a reset.
    void reset() {
        const linger at_once{1, 0};
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        fd_ = linux::UniqueFd();
    }
    void end_sending() { ::shutdown(fd_.get(), SHUT_WR); }

    /// True as soon as something can be read; false when nothing came in time.
    bool has_answer(std::chrono::milliseconds patience) {
        pollfd ready{fd_.get(), POLLIN, 0};
        return ::poll(&ready, 1, static_cast<int>(patience.count())) > 0;
    }
    /// All that comes until the server closes or `patience` passes without a byte.
    std::string read_all(std::chrono::milliseconds patience = std::chrono::seconds(5)) {
        return read_while([](const std::string&) { return true; }, patience);
    }
    /// What comes next; empty at the end, or when nothing came in time.
    std::string read_some(std::chrono::milliseconds patience = std::chrono::seconds(5)) {
        if (!rest_.empty()) return std::exchange(rest_, {});
        char bytes[64 << 10];
        const auto count = has_answer(patience) ? ::recv(fd_.get(), bytes, sizeof bytes, 0) : 0;
        return {bytes, static_cast<std::size_t>(std::max<decltype(count)>(count, 0))};
    }
    /// One whole answer, by its Content-Length.
    std::string read_answer(std::chrono::milliseconds patience = std::chrono::seconds(5)) {
        auto answer = read_while([](const std::string& seen) { return seen.size() < whole(seen); }, patience);
        const auto size = std::min(whole(answer), answer.size());
        rest_ = answer.substr(size);
        return answer.substr(0, size);
    }

private:
    static std::size_t whole(const std::string& seen) {
        const auto end = seen.find("\r\n\r\n");
        if (end == std::string::npos) return std::string::npos;
        const auto length = seen.find("Content-Length: ");
        return end + 4 + (length < end ? std::stoul(seen.substr(length + 16)) : 0);
    }
    template <class Wanted>
    std::string read_while(Wanted wanted, std::chrono::milliseconds patience) {
        std::string seen = std::move(rest_);
        rest_.clear();
        while (wanted(seen)) {
            if (!has_answer(patience)) break;
            char bytes[16 << 10];
            const auto count = ::recv(fd_.get(), bytes, sizeof bytes, 0);
            if (count <= 0) break;
            seen.append(bytes, static_cast<std::size_t>(count));
        }
        return seen;
    }

    linux::UniqueFd fd_;
    std::string rest_;
};

}  // namespace hotcell::api
