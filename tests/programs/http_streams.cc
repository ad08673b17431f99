#include "tests/programs/http_streams.h"

#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>

namespace {

std::mutex mutex;
std::condition_variable released;
int releases = 0;
std::atomic<unsigned long long> flood = 0;

constexpr char kChunked[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

/// 0: the other end has gone.
std::size_t send_all(int socket, const std::string& bytes) {
    for (std::size_t sent = 0; sent < bytes.size();) {
        const long n = ::send(socket, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        if (n <= 0) return 0;
        sent += static_cast<std::size_t>(n);
    }
    return bytes.size();
}

std::string chunk(const std::string& bytes) {
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    return size + bytes + "\r\n";
}

int releases_so_far() {
    const std::scoped_lock lock(mutex);
    return releases;
}

/// `before`: as many as there were before the client could know that there is something to release.
void wait_for_release(int before) {
    std::unique_lock lock(mutex);
    released.wait(lock, [&] { return releases > before; });
}

Streamed send_flood(int socket, unsigned long long mebibytes) {
    send_all(socket, kChunked);
    const std::string piece = chunk(std::string(64 << 10, 'f'));
    for (unsigned long long i = 0; i < mebibytes * 16; ++i) {
        const std::size_t sent = send_all(socket, piece);
        if (sent == 0) return Streamed::Close;
        flood += sent;
    }
    send_all(socket, "0\r\n\r\n");
    return Streamed::Whole;
}

Streamed stop(int socket, const std::string& how) {
    const int before = releases_so_far();
    send_all(socket, kChunked + chunk("one"));
    wait_for_release(before);
    if (how == "exit") ::_exit(3);
    if (how == "hang") ::pause();
    if (how == "memory")
        for (;;) std::memset(std::malloc(16 << 20), 1, 16 << 20);
    if (how == "bad") send_all(socket, "no number\r\n");
    if (how == "extension") send_all(socket, "3;" + std::string(100'000, 'x'));
    return Streamed::Close;
}

/// Sends back what comes, until its end.
Streamed echo(int socket, const std::string& how, const std::string& rest) {
    send_all(socket, rest);
    char piece[65536];
    for (long n; (n = ::read(socket, piece, sizeof piece)) > 0;) {
        if (how == "exit") ::_exit(4);
        if (send_all(socket, {piece, static_cast<std::size_t>(n)}) == 0) break;
        if (how == "once") break;
    }
    std::printf("the client has ended\n");
    std::fflush(stdout);
    if (how == "last words") send_all(socket, "bye");
    return Streamed::Close;
}

Streamed go_over(int socket, const std::string& how, const std::string& rest) {
    if (how == "refuse") {
        send_all(socket, "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno");
        return Streamed::Whole;
    }
    const std::string to = how == "other" ? "else" : "WebSocket";
    send_all(socket, "HTTP/1.1 101 Switching Protocols\r\nX-Mine: yes\r\nConnection: Upgrade\r\n" +
                         (how == "nothing" ? std::string() : "Upgrade: " + to + "\r\n") + "\r\n" +
                         (how == "greet" ? "hello " : ""));
    return echo(socket, how, rest);
}

}  // namespace

Streamed send_stream(int socket, const std::string& head, const std::string& body, const std::string& rest) {
    const std::string word = body.substr(0, body.find(' '));
    const std::string more = word.size() < body.size() ? body.substr(word.size() + 1) : "";
    if (const auto at = head.find("\r\nUpgrade: "); at != std::string::npos) {
        const auto how = head.find("\r\nX-How: ");
        return go_over(
            socket, how == std::string::npos ? "" : head.substr(how + 9, head.find("\r\n", how + 9) - how - 9), rest);
    }
    if (word == "flood") return send_flood(socket, std::strtoull(more.c_str(), nullptr, 10));
    if (word == "stop") return stop(socket, more);
    if (word == "failed") {
        send_all(socket,
                 std::string("HTTP/1.1 404 Not Found\r\nX-Fc-Status: 404\r\nTransfer-Encoding: chunked\r\n\r\n") +
                     chunk("none") + "0\r\n\r\n");
        return Streamed::Whole;
    }
    if (word != "pieces" && word != "until-close") return Streamed::NotAsked;
    const bool chunked = word == "pieces";
    const int before = releases_so_far();
    send_all(socket, chunked ? kChunked + chunk("one") : "HTTP/1.1 200 OK\r\n\r\none");
    wait_for_release(before);
    if (more == "exit") ::_exit(3);
    send_all(socket, chunked ? chunk("two") + "0\r\n\r\n" : "two");
    return chunked ? Streamed::Whole : Streamed::Close;
}

void release_streams() {
    const std::scoped_lock lock(mutex);
    ++releases;
    released.notify_all();
}

unsigned long long flooded() { return flood; }
