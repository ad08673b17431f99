// An HTTP/1.1 server as users write them for a custom runtime: a thread a connection, kept alive. The event's first word says
// what it does; "show" answers with the request as it came.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "tests/programs/http_streams.h"

namespace {

std::atomic<int> at_once = 0;
std::atomic<int> connections = 0;
std::atomic<int> initializations = 0;

struct Request {
    std::string head;
    std::string path;
    std::string body;
};

std::string header_of(const std::string& head, const std::string& name) {
    const auto at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return {};
    const auto begin = at + name.size() + 4;
    return head.substr(begin, head.find("\r\n", begin) - begin);
}

bool read_request(int socket, std::string& buffer, Request& request) {
    char piece[65536];
    std::size_t end;
    while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
        const long n = ::read(socket, piece, sizeof piece);
        if (n <= 0) return false;
        buffer.append(piece, static_cast<std::size_t>(n));
    }
    request.head = buffer.substr(0, end + 2);
    const std::size_t length = std::strtoul(header_of(request.head, "Content-Length").c_str(), nullptr, 10);
    while (buffer.size() < end + 4 + length) {
        const long n = ::read(socket, piece, sizeof piece);
        if (n <= 0) return false;
        buffer.append(piece, static_cast<std::size_t>(n));
    }
    request.body = buffer.substr(end + 4, length);
    buffer.erase(0, end + 4 + length);
    const auto path = request.head.find(' ') + 1;
    request.path = request.head.substr(path, request.head.find(' ', path) - path);
    return true;
}

void send_all(int socket, const std::string& bytes) {
    for (std::size_t sent = 0; sent < bytes.size();) {
        const long n = ::send(socket, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        if (n <= 0) return;
        sent += static_cast<std::size_t>(n);
    }
}

std::string answer(const std::string& body, const std::string& status = "200 OK", const std::string& headers = "") {
    return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers + "\r\n" +
           body;
}

[[noreturn]] void run_out_of_memory() {
    for (;;) std::memset(std::malloc(16 << 20), 1, 16 << 20);
}

/// What is sent for an event; empty: the connection is closed.
std::string act(const Request& request) {
    const std::string word = request.body.substr(0, request.body.find(' '));
    const std::string rest = word.size() < request.body.size() ? request.body.substr(word.size() + 1) : "";
    if (word == "exit") ::_exit(std::atoi(rest.c_str()));
    if (word == "hang") ::pause();
    if (word == "memory") run_out_of_memory();
    if (word == "log") std::printf("said %s\n", rest.c_str()), std::fflush(stdout);
    if (word == "show") return answer(request.head);
    if (word == "refuse") return answer("no such thing", "404 Not Found", "X-Fc-Status: 404\r\n");
    if (word == "teapot") return answer("short and stout", "418 I'm a teapot", "X-Mine: yes\r\n");
    if (word == "close") return {};
    if (word == "last") return answer("bye", "200 OK", "Connection: close\r\n");
    if (word == "cut") return "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf";
    if (word == "garbage") return "SSH-2.0-OpenSSH_9.2\r\n\r\n";
    if (word == "header") return answer("x", "200 OK", "A: " + std::string(9000, 'a') + "\r\n");
    if (word == "huge") return "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n";
    if (word == "switch") return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n";
    if (word == "twice") return answer("one") + answer("two");
    if (word == "chunked")
        return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n";
    if (word == "stay") ::poll(nullptr, 0, std::atoi(rest.c_str()));  // milliseconds
    if (word == "release") release_streams();
    if (word == "flooded") return answer(std::to_string(flooded()));
    if (word == "connections") return answer(std::to_string(connections));
    if (word == "together") {  // until so many calls are here
        const int wanted = std::atoi(rest.c_str());
        for (int i = 0; at_once < wanted && i < 2000; ++i) ::poll(nullptr, 0, 5);
        return answer(std::to_string(at_once));
    }
    return answer(request.body);
}

std::string initialize() {
    const char* how = std::getenv("INITIALIZE");
    const int times = ++initializations;
    if (how == nullptr) return answer("");
    if (std::strcmp(how, "later") == 0 && times < 3) return answer("not yet", "404 Not Found");
    if (std::strcmp(how, "never") == 0) return answer("broken", "500 Internal Server Error");
    return answer("");
}

/// Each look at the health costs one answer of HEALTH, "ok bad bad ok …"; the last stays.
std::string health() {
    static std::atomic<std::size_t> looks = 0;
    const char* how = std::getenv("HEALTH");
    const std::string answers = how == nullptr ? "ok" : how;
    std::vector<std::string> words;
    for (std::size_t at = 0, end; at < answers.size(); at = end + 1) {
        end = std::min(answers.find(' ', at), answers.size());
        words.push_back(answers.substr(at, end - at));
    }
    const std::size_t look = looks++;
    return words[std::min(look, words.size() - 1)] == "ok" ? answer("") : answer("", "500 Internal Server Error");
}

void serve(int socket) {
    std::string buffer;
    Request request;
    bool is_trap = false;  // looks kept, and ends with the next request
    while (read_request(socket, buffer, request) && !is_trap) {
        is_trap = request.body == "trap";
        const Streamed streamed = send_stream(socket, request.head, request.body, buffer);
        if (streamed == Streamed::Close) break;
        if (streamed == Streamed::Whole) continue;
        ++at_once;
        std::string reply = request.path == "/initialize" ? initialize()
                            : request.path == "/health"   ? health()
                                                          : act(request);
        if (!reply.empty()) send_all(socket, reply);
        // "together" tells how many were here at once: all of them stay a moment
        if (request.body.starts_with("together")) ::poll(nullptr, 0, 50);
        --at_once;
        if (reply.empty() || request.body == "cut") break;
    }
    ::close(socket);
}

}  // namespace

int main(int argc, char** argv) {
    ::signal(SIGPIPE, SIG_IGN);
    const std::string how = argc > 1 ? argv[1] : "";
    std::printf("http_server starts\n");
    std::fflush(stdout);
    if (how == "fail") return std::fprintf(stderr, "cannot go on\n"), std::atoi(argv[2]);
    if (how == "deaf") return ::pause();
    const char* port = how == "at" ? argv[2] : std::getenv("FC_SERVER_PORT");
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port == nullptr ? "9000" : port)));
    const int on = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(listener, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0 || ::listen(listener, 512) != 0) return 13;
    for (;;) {
        const int socket = ::accept(listener, nullptr, nullptr);
        if (socket < 0) continue;
        ++connections;
        std::thread(serve, socket).detach();
    }
}
