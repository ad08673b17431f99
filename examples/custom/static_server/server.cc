// A compiled server without a library: answers an event with its number of words. Linked statically it needs nothing of the
// machine it runs on:   g++ -O2 -static -pthread -o bootstrap server.cc
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cctype>
#include <cstdlib>
#include <string>
#include <thread>

namespace {

std::string count_words(const std::string& text) {
    long words = 0;
    bool inside = false;
    for (const char c : text) {
        const bool letter = std::isspace(static_cast<unsigned char>(c)) == 0;
        words += letter && !inside;
        inside = letter;
    }
    return "{\"words\":" + std::to_string(words) + "}\n";
}

/// One connection; the engine keeps it open from call to call.
void serve(int socket) {
    std::string bytes;
    char piece[65536];
    for (long n; (n = ::read(socket, piece, sizeof piece)) > 0;) {
        bytes.append(piece, static_cast<std::size_t>(n));
        const auto head = bytes.find("\r\n\r\n");
        if (head == std::string::npos) continue;
        const auto length_at = bytes.find("Content-Length: ");
        const std::size_t length = length_at < head ? std::strtoul(bytes.c_str() + length_at + 16, nullptr, 10) : 0;
        if (bytes.size() < head + 4 + length) continue;
        const std::string result = count_words(bytes.substr(head + 4, length));
        bytes.erase(0, head + 4 + length);
        const std::string answer =
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(result.size()) +
            "\r\n\r\n" + result;
        if (::send(socket, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) break;
    }
    ::close(socket);
}

}  // namespace

int main() {
    const char* port = std::getenv("FC_SERVER_PORT");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port != nullptr ? port : "9000")));
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    if (::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(listener, 64) != 0)
        return 1;
    for (;;) std::thread(serve, ::accept(listener, nullptr, nullptr)).detach();
}
