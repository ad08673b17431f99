#include "tests/shims/frames.h"

#include <poll.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <ostream>

namespace hotcell::test {

namespace {

template <class T>
std::string bytes_of(const T& value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
}

}  // namespace

std::string Answer::head() const {
    hc_http_head head{};
    if (!is_http() || payload.size() < sizeof head) return {};
    std::memcpy(&head, payload.data(), sizeof head);
    return payload.substr(sizeof head, head.head_bytes);
}

std::string Answer::body() const {
    const std::size_t size = head().size();
    return size == 0 ? std::string() : payload.substr(sizeof(hc_http_head) + size);
}

std::ostream& operator<<(std::ostream& out, const Answer& answer) {
    return out << "frame of type " << answer.type << ", flags " << answer.flags << ": "
               << answer.payload.substr(0, 1000);
}

std::string frame(std::uint16_t type, const std::string& payload, std::uint32_t length) {
    return bytes_of(hc_frame{length, type, 0, 1}) + payload;
}

std::string invoke_frame(std::uint64_t request, std::uint32_t kind, const std::string& context,
                         const std::string& event) {
    const hc_invoke invoke{kind, static_cast<std::uint32_t>(context.size())};
    const auto length = static_cast<std::uint32_t>(sizeof invoke + context.size() + event.size());
    return bytes_of(hc_frame{length, HC_FRAME_INVOKE, 0, request}) + bytes_of(invoke) + context + event;
}

std::string invoke_frame(std::uint64_t request, std::uint32_t kind, const std::string& context,
                         const hc_shared& event) {
    std::string frame = invoke_frame(request, kind, context, bytes_of(event));
    const std::uint16_t flags = HC_SHARED;
    return frame.replace(offsetof(hc_frame, flags), sizeof flags, bytes_of(flags));
}

std::string context_of(const std::string& request_id) {
    return R"({"requestId":")" + request_id +
           R"(","deadlineMs":1700000000000,"credentials":{"accessKeyId":"id","accessKeySecret":"secret",)" +
           R"("securityToken":"token"},"retryCount":2})";
}

std::string http_context_of(const std::string& request_id, const std::string& http) {
    std::string text = context_of(request_id);
    text.back() = ',';
    return text + R"("qualifier":"prod","http":)" + http + "}";
}

std::string load_payload(const std::string& handler, const std::string& initializer, const std::string& env,
                         const std::string& memory) {
    return R"({"handler": ")" + handler + R"(", "initializer": ")" + initializer +
           R"(", "preFreeze": "index.pre_freeze", "preStop": "index.pre_stop", "env": )" + env +
           R"(, "function": {"name": "f", "handler": ")" + handler +
           R"(", "memory": 128, "timeout": 3, "initializer": ")" + initializer +
           R"(", "initializationTimeout": 4}, "service": {"name": "s", "logProject": "p", "logStore": "l",
               "versionId": "7"}, "region": "local", "accountId": "42")" +
           (memory.empty() ? "" : R"(, "memory": )" + memory) + "}";
}

namespace {
/// Waits for at most half a minute for each piece.
bool read_whole(int fd, char* to, std::size_t size) {
    for (std::size_t filled = 0; filled < size;) {
        pollfd entry{fd, POLLIN, 0};
        if (::poll(&entry, 1, 30'000) != 1) return false;
        const ssize_t n = ::read(fd, to + filled, size - filled);
        if (n <= 0) return false;
        filled += static_cast<std::size_t>(n);
    }
    return true;
}
}  // namespace

Answer receive_answer(int answers) {
    hc_frame head{};
    if (!read_whole(answers, reinterpret_cast<char*>(&head), sizeof head)) return {};
    Answer answer{head.type, head.flags, head.request, std::string(head.length, '\0')};
    return read_whole(answers, answer.payload.data(), head.length) ? answer : Answer{};
}

}  // namespace hotcell::test
