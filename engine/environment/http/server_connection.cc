#include "engine/environment/http/server_connection.h"

#include <cerrno>
#include <utility>

#include "engine/base/clock.h"
#include "engine/linux/sockets/loopback.h"
#include "engine/linux/sockets/sockets.h"

namespace hotcell::environment {

namespace {
constexpr int kPiecesAtOnce = 4;  // then the others have their turn
}

ServerConnection::ServerConnection(Reactor& reactor, linux::UniqueFd socket) : watch_(reactor, std::move(socket)) {}

void ServerConnection::connect(std::uint16_t port, OnConnected done) {
    disconnect();
    state_ = State::Connecting;
    on_connected_ = std::move(done);
    const long begun = linux::connect_to_loopback(watch_.fd(), port);
    if (begun == 0 || begun == -EINPROGRESS)
        return watch_.when_writable([this, turn = turn_] {
            if (turn == turn_ && state_ == State::Connecting) connection_made();
        });
    state_ = State::Free;
    std::exchange(on_connected_, nullptr)(false);
}

void ServerConnection::connection_made() {
    const long result = linux::connect_result(watch_.fd());
    if (result == -EINPROGRESS)
        return watch_.when_writable([this, turn = turn_] {
            if (turn == turn_ && state_ == State::Connecting) connection_made();
        });
    state_ = result == 0 ? State::Kept : State::Free;
    exchanges_ = 0;
    kept_ns_ = monotonic_ns();
    if (result == 0)
        wait_readable();
    else
        linux::disconnect(watch_.fd());
    std::exchange(on_connected_, nullptr)(result == 0);
}

void ServerConnection::disconnect() {
    ++turn_;
    if (state_ != State::Free) linux::disconnect(watch_.fd());
    state_ = State::Free;
    on_connected_ = nullptr;
    on_end_ = nullptr;
    parser_.reset();
    unsent_.clear();
}

void ServerConnection::exchange(std::string request, bool bodiless, std::uint64_t most_body, OnEnd done) {
    state_ = State::Busy;
    ++exchanges_;
    on_end_ = std::move(done);
    parser_.emplace(HttpSide::Answer, most_body, bodiless);
    unsent_ = std::move(request);
    sent_ = 0;
    write();
}

void ServerConnection::write() {
    while (sent_ < unsent_.size()) {
        const long n = linux::write_some(watch_.fd(), std::string_view(unsent_).substr(sent_));
        if (n == -EAGAIN)
            return watch_.when_writable([this, turn = turn_] {
                if (turn == turn_ && state_ == State::Busy) write();
            });
        if (n < 0) break;  // its end is seen by reading, and perhaps an answer before it
        sent_ += static_cast<std::size_t>(n);
    }
    unsent_ = {};
    sent_ = 0;
}

void ServerConnection::wait_readable() {
    if (std::exchange(waits_, true)) return;
    watch_.when_readable([this] {
        waits_ = false;
        if (state_ == State::Kept || state_ == State::Busy) readable();
    });
}

void ServerConnection::readable() {
    char piece[65536];
    for (int i = 0; i < kPiecesAtOnce; ++i) {
        const long n = linux::read_some(watch_.fd(), piece, sizeof piece);
        if (n == -EAGAIN) break;
        if (state_ == State::Kept) return disconnect();  // its end, or something nobody asked for
        if (n <= 0) {
            const bool begun = parser_->has_begun();
            if (parser_->end() == MessageParser::State::Done) return end(ExchangeEnd::Answered);
            return end(begun ? ExchangeEnd::Cut : ExchangeEnd::Lost);
        }
        switch (parser_->add({piece, static_cast<std::size_t>(n)})) {
            case MessageParser::State::More: break;
            case MessageParser::State::Done: return end(ExchangeEnd::Answered);
            case MessageParser::State::HeadTooLong: return end(ExchangeEnd::HeadTooLong);
            case MessageParser::State::BodyTooLong: return end(ExchangeEnd::BodyTooLong);
            case MessageParser::State::Broken: return end(ExchangeEnd::NotHttp);
        }
    }
    wait_readable();
}

void ServerConnection::end(ExchangeEnd end) {
    HttpMessage answer = std::move(parser_->message());
    // a server that answers before it has read the request, or says more than one answer, is not spoken to again
    const bool keep = end == ExchangeEnd::Answered && answer.keep_alive && !parser_->has_rest() && unsent_.empty();
    OnEnd done = std::move(on_end_);
    if (keep) {
        state_ = State::Kept;
        kept_ns_ = monotonic_ns();
        on_end_ = nullptr;
        parser_.reset();
        wait_readable();
    } else {
        disconnect();
    }
    done(end, std::move(answer));  // the last thing: it may destroy this object
}

}  // namespace hotcell::environment
