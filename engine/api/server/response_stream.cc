#include "engine/api/server/response_stream.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <utility>

namespace hotcell::api {

namespace net = boost::asio;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

namespace {

constexpr auto kAwait = net::as_tuple(net::use_awaitable);
constexpr std::size_t kClientPiece = 64 << 10;
constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace

/// What the pipe wakes, from whichever thread; outlives the stream there.
struct ResponseStream::Signal {
    Signal(EventLoop& its_loop, ResponseStream* its_stream)
        : loop(its_loop), stream(its_stream), timer(events::context_of(its_loop), Clock::time_point::max()) {}

    EventLoop& loop;
    ResponseStream* stream;   // null when it has ended; on the loop only
    net::steady_timer timer;  // never passes: the coroutine waits for its cancellation
};

ResponseStream::ResponseStream(ServerShare& share, StreamSocket& socket, events::Deadline& deadline,
                               std::shared_ptr<BodyPipe> pipe)
    : share_(share),
      socket_(socket),
      deadline_(deadline),
      pipe_(std::move(pipe)),
      signal_(std::make_shared<Signal>(share.loop, this)),
      after_end_(share.loop, [this] { pipe_->close(); }) {
    pipe_->on_change([signal = signal_] {
        const auto wake = [signal] {
            if (signal->stream != nullptr) signal->stream->changed();
        };
        signal->loop.is_here() ? wake() : signal->loop.post(wake);
    });
}

ResponseStream::~ResponseStream() {
    signal_->stream = nullptr;
    pipe_->on_change(nullptr);
    error_code ignored;
    if (reading_) socket_.cancel(ignored);
}

void ResponseStream::changed() {
    signal_->timer.cancel();
    if (both_ways_) read_client();
}

void ResponseStream::stop() {
    stopped_ = true;
    changed();
}

net::awaitable<bool> ResponseStream::send(bool chunked) {
    while (!stopped_) {
        const std::string piece = pipe_->take();
        if (!piece.empty()) {
            const bool sent = co_await write(piece, chunked);
            pipe_->sent(piece.size());
            if (!sent) co_return false;
            if (client_ended_) after_end_.set(share_.limits.body_idle);
            continue;
        }
        if (pipe_->is_over()) break;
        co_await signal_->timer.async_wait(kAwait);
    }
    if (stopped_ || !pipe_->is_whole()) co_return false;
    if (!chunked) co_return true;
    Buffers last{net::buffer(kLastChunk)};
    const bool sent = co_await write_all(last);
    co_return sent;
}

net::awaitable<bool> ResponseStream::write(std::string_view piece, bool chunked) {
    char size[24];
    const int digits = std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
    Buffers buffers{net::const_buffer(size, static_cast<std::size_t>(digits)), net::buffer(piece),
                    net::const_buffer("\r\n", 2)};
    if (!chunked) buffers = {net::buffer(piece)};
    const bool written = co_await write_all(buffers);
    co_return written;
}

/// A client may be slow; one that takes nothing for `limits.write` is cut.
net::awaitable<bool> ResponseStream::write_all(Buffers& buffers) {
    while (net::buffer_size(buffers) > 0) {
        deadline_.set(Clock::now() + share_.limits.write);
        const auto [error, count] = co_await socket_.async_write_some(buffers, kAwait);
        deadline_.clear();
        if (error || stopped_) co_return false;
        for (std::size_t left = count; net::const_buffer & buffer : buffers) {
            const auto part = std::min(left, buffer.size());
            buffer += part;
            left -= part;
        }
    }
    co_return true;
}

net::awaitable<void> ResponseStream::pass_both_ways(std::string early) {
    both_ways_ = true;
    if (!early.empty()) pipe_->send(std::move(early));
    read_client();
    const bool whole = co_await send(false);
    both_ways_ = false;
    if (!whole) pipe_->close();
}

/// One piece at a time, when the one before has gone to the server.
void ResponseStream::read_client() {
    if (reading_ || client_ended_ || stopped_ || !pipe_->may_send()) return;
    reading_ = true;
    piece_.resize(kClientPiece);
    socket_.async_read_some(net::buffer(piece_), [signal = signal_](error_code error, std::size_t count) {
        ResponseStream* const stream = signal->stream;
        if (stream == nullptr) return;
        stream->reading_ = false;
        if (error == net::error::eof) return stream->client_ended();
        if (error) return stream->pipe_->close();
        stream->pipe_->send(stream->piece_.substr(0, count));
        stream->read_client();
    });
}

/// The server may have more to say. One that says nothing for a while is not waited for.
void ResponseStream::client_ended() {
    client_ended_ = true;
    after_end_.set(share_.limits.body_idle);
    pipe_->finish_sending();
}

}  // namespace hotcell::api
