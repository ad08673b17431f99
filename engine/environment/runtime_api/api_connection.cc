#include "engine/environment/runtime_api/api_connection.h"

#include <cerrno>
#include <utility>

#include "engine/linux/sockets/sockets.h"

namespace hotcell::environment {

namespace {

constexpr int kPiecesAtOnce = 4;  // then the others have their turn
constexpr std::uint64_t kMostDiscarded = 64 << 20;

std::string_view reason_of(unsigned status) {
    switch (status) {
        case 200: return "OK";
        case 202: return "Accepted";
        case 400: return "Bad Request";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 413: return "Payload Too Large";
        default: return "Internal Server Error";
    }
}

}  // namespace

ApiConnection::ApiConnection(Reactor& reactor, linux::UniqueFd socket, std::uint64_t most_body, Hooks hooks)
    : watch_(reactor, std::move(socket)), most_body_(most_body), hooks_(std::move(hooks)) {
    parser_.emplace(HttpSide::Request, most_body_);
    wait_readable();
}

void ApiConnection::wait_readable() {
    if (ended_ || std::exchange(waits_, true)) return;
    watch_.when_readable([this] {
        waits_ = false;
        readable();
    });
}

void ApiConnection::readable() {
    char piece[65536];
    for (int i = 0; i < kPiecesAtOnce && !ended_; ++i) {
        const long n = linux::read_some(watch_.fd(), piece, sizeof piece);
        if (n == -EAGAIN) break;
        if (n <= 0 || asking_) return end();  // its end, or a second request before the first one has its answer
        if (last_) {  // what it still sends is read, or it would not see the answer for the reset of its connection
            discarded_ += static_cast<std::uint64_t>(n);
            if (discarded_ > kMostDiscarded) return end();
            continue;
        }
        switch (parser_->add({piece, static_cast<std::size_t>(n)})) {
            case MessageParser::State::More:
                if (parser_->expects_continue() && !std::exchange(told_to_go_on_, true)) {
                    unsent_ += "HTTP/1.1 100 Continue\r\n\r\n";
                    write();
                }
                break;
            case MessageParser::State::Done: {
                if (parser_->has_rest()) return end();
                asking_ = true;
                last_ = !parser_->message().keep_alive;
                wait_readable();  // for its end, while the answer is being waited for
                return hooks_.on_request(*this, std::move(parser_->message()));  // may destroy this object
            }
            case MessageParser::State::BodyTooLong:
                asking_ = last_ = true;
                return hooks_.on_too_long(*this, std::move(parser_->message()));
            default: return end();
        }
    }
    wait_readable();
}

void ApiConnection::reply(unsigned status, std::string_view headers, std::string_view body) {
    if (ended_ || !std::exchange(asking_, false)) return;
    unsent_.append("HTTP/1.1 ").append(std::to_string(status)).append(" ").append(reason_of(status)).append("\r\n");
    unsent_.append(headers).append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
    if (last_) unsent_.append("Connection: close\r\n");
    unsent_.append("\r\n").append(body);
    parser_.emplace(HttpSide::Request, most_body_);
    told_to_go_on_ = false;
    write();
    wait_readable();
}

void ApiConnection::write() {
    while (sent_ < unsent_.size()) {
        const long n = linux::write_some(watch_.fd(), std::string_view(unsent_).substr(sent_));
        if (n == -EAGAIN) return watch_.when_writable([this] { write(); });
        if (n < 0) break;  // its end is seen by reading
        sent_ += static_cast<std::size_t>(n);
    }
    unsent_ = {};
    sent_ = 0;
}

void ApiConnection::end() {
    if (std::exchange(ended_, true)) return;
    const auto tell = std::move(hooks_.on_end);
    tell(*this);
}

}  // namespace hotcell::environment
