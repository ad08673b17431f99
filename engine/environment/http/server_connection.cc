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
    taking_ = {};
    unsent_.clear();
}

void ServerConnection::exchange(ServerRequest request, OnEnd done) {
    state_ = State::Busy;
    ++exchanges_;
    on_end_ = std::move(done);
    parser_.emplace(HttpSide::Answer, request.most_body, request.bodiless);
    taking_ = {.taker = request.taker};
    if (request.taker != nullptr) parser_->allow_pieces();
    unsent_ = std::move(request.bytes);
    sent_ = 0;
    write();
}

/// True when all of it has gone.
bool ServerConnection::write() {
    while (sent_ < unsent_.size()) {
        const long n = linux::write_some(watch_.fd(), std::string_view(unsent_).substr(sent_));
        if (n == -EAGAIN) {
            watch_.when_writable([this, turn = turn_] {
                if (turn == turn_ && state_ == State::Busy && write() && taking_.gone_over) taking_.taker->taken();
            });
            return false;
        }
        if (n < 0) break;  // its end is seen by reading, and perhaps an answer before it
        sent_ += static_cast<std::size_t>(n);
    }
    unsent_ = {};
    sent_ = 0;
    if (taking_.finishes) linux::end_sending(watch_.fd());
    return true;
}

bool ServerConnection::send(std::string bytes) {
    unsent_ = std::move(bytes);
    sent_ = 0;
    return write();
}

void ServerConnection::finish_sending() {
    taking_.finishes = true;
    if (unsent_.empty()) linux::end_sending(watch_.fd());
}

void ServerConnection::resume() {
    if (std::exchange(taking_.paused, false)) wait_readable();
}

void ServerConnection::wait_readable() {
    if (std::exchange(waits_, true)) return;
    watch_.when_readable([this] {
        waits_ = false;
        if ((state_ == State::Kept || state_ == State::Busy) && !taking_.paused) readable();
    });
}

void ServerConnection::readable() {
    char piece[65536];
    for (int i = 0; i < kPiecesAtOnce; ++i) {
        const long n = linux::read_some(watch_.fd(), piece, sizeof piece);
        if (n == -EAGAIN) break;
        if (state_ == State::Kept) return disconnect();  // its end, or something nobody asked for
        if (n <= 0) return read_end();
        if (!take({piece, static_cast<std::size_t>(n)})) return;
    }
    wait_readable();
}

void ServerConnection::read_end() {
    if (taking_.gone_over) return end(ExchangeEnd::Closed);
    const bool begun = parser_->has_begun();
    if (parser_->end() == MessageParser::State::Done)
        return end(taking_.begun ? ExchangeEnd::Closed : ExchangeEnd::Answered);
    end(begun ? ExchangeEnd::Cut : ExchangeEnd::Lost);
}

/// False when no more is to be read now: the exchange is over, or whoever takes the answer has enough.
bool ServerConnection::take(std::string_view bytes) {
    if (taking_.gone_over) return give(bytes) && !taking_.paused;
    const MessageParser::State state = parser_->add(bytes);
    if (taking_.taker != nullptr) {
        if (!give_pieces(state)) return false;
        if (taking_.gone_over) return !taking_.paused;
    }
    switch (state) {
        case MessageParser::State::More: return !taking_.paused;
        case MessageParser::State::Done: end(ExchangeEnd::Answered); break;
        case MessageParser::State::HeadTooLong: end(ExchangeEnd::HeadTooLong); break;
        case MessageParser::State::BodyTooLong: end(ExchangeEnd::BodyTooLong); break;
        case MessageParser::State::Broken: end(ExchangeEnd::NotHttp); break;
    }
    return false;
}

/// False when this connection has ended meanwhile.
bool ServerConnection::give_pieces(MessageParser::State state) {
    const bool goes_over = state == MessageParser::State::Done && parser_->message().status == 101 &&
                           taking_.taker->has_asked_for(parser_->message());
    if (!goes_over && !parser_->comes_in_pieces()) return true;
    taking_.gone_over = goes_over;
    if (!std::exchange(taking_.begun, true) && !is_here_after([&] { taking_.taker->begin(parser_->message()); }))
        return false;
    if (!goes_over) return give(parser_->take_body());
    const std::string rest = parser_->take_rest();
    parser_.reset();
    return give(rest);
}

bool ServerConnection::give(std::string_view piece) {
    if (piece.empty()) return true;
    bool more = false;
    if (!is_here_after([&] { more = taking_.taker->write(piece); })) return false;
    taking_.paused = !more;
    return true;
}

/// Whoever is called may end the exchange, and with it this object.
template <class Call>
bool ServerConnection::is_here_after(Call call) {
    const std::weak_ptr<bool> here = here_;
    const std::uint64_t turn = turn_;
    call();
    return !here.expired() && turn == turn_;
}

void ServerConnection::end(ExchangeEnd end) {
    HttpMessage answer = parser_ ? std::move(parser_->message()) : HttpMessage{};
    // a server that answers before it has read the request, or says more than one answer, is not spoken to again
    const bool keep = end == ExchangeEnd::Answered && answer.status != 101 && answer.keep_alive &&
                      !parser_->has_rest() && unsent_.empty();
    OnEnd done = std::move(on_end_);
    if (keep) {
        state_ = State::Kept;
        kept_ns_ = monotonic_ns();
        on_end_ = nullptr;
        parser_.reset();
        taking_ = {};
        wait_readable();
    } else {
        disconnect();
    }
    done(end, std::move(answer));  // the last thing: it may destroy this object
}

}  // namespace hotcell::environment
