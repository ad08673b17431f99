#include "engine/api/server/connection.h"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <memory>
#include <optional>

#include "engine/api/body_pipe.h"
#include "engine/api/routes/proxy_headers.h"
#include "engine/api/server/request_id.h"
#include "engine/api/server/request_of.h"
#include "engine/api/server/response_head.h"
#include "engine/api/server/response_stream.h"
#include "engine/api/wire/request_head.h"
#include "engine/events/deadline.h"
#include "engine/linux/sockets/sockets.h"

namespace hotcell::api {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

namespace {

constexpr auto kAwait = net::as_tuple(net::use_awaitable);
constexpr std::size_t kBufferLimit = 128 << 10;
constexpr std::size_t kBodyOnTheLoop = 256 << 10;  // where reading it is work
constexpr std::chrono::milliseconds kLinger{2'000};

using Parser = http::request_parser<http::string_body>;
/// What continues the coroutine of a connection.
using Resume = net::async_result<net::use_awaitable_t<>, void()>::handler_type;

std::string_view view_of(const beast::flat_buffer& buffer) {
    return {static_cast<const char*>(buffer.data().data()), buffer.size()};
}

}  // namespace

class Connection {
public:
    Connection(StreamSocket socket, Peer peer, ServerShare& share)
        : socket_(std::move(socket)),
          deadline_(share.loop, [this] { give_up(); }),
          long_wait_(share.loop, [this] { watch_client(); }),
          peer_(peer),
          share_(share),
          buffer_(kBufferLimit) {
        error_code ignored;
        socket_.non_blocking(true, ignored);
        share_.connections.insert(this);
        ++share_.connections_of[peer_.uid];
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() {
        exchange_->connection = nullptr;
        hold_buffered(0);
        share_.connections.erase(this);
        const auto count = share_.connections_of.find(peer_.uid);
        if (--count->second == 0) share_.connections_of.erase(count);
        share_.one_less_busy();
    }

    net::awaitable<void> serve() {
        for (std::uint32_t in_a_row = 0;;) {
            in_a_row = buffer_.size() > 0 ? in_a_row + 1 : 0;
            id_ = make_request_id();
            auto head = co_await read_head();
            if (!head) break;
            busy_ = true;
            keep_alive_ = keep_alive_ && in_a_row < share_.limits.pipelined_requests;
            const bool whole = co_await serve_request(*head);
            busy_ = false;
            if (share_.draining) share_.one_less_busy();  // nobody asks before
            served_one_ = true;
            if (!whole || !keep_alive_ || share_.draining) break;
        }
        if (!broken_) co_await linger();
    }

    bool is_busy() const { return busy_; }
    void close_if_idle() {
        if (busy_) return;
        error_code ignored;
        socket_.cancel(ignored);
    }
    void cut_off() {
        broken_ = true;
        error_code ignored;
        socket_.close(ignored);
        if (stream_ != nullptr) stream_->stop();
        if (resume_) answered({});  // the route's own answer finds nobody; the last thing: it may end this object
    }

private:
    /// What outlives a connection whose route has not answered yet.
    struct Exchange {
        Connection* connection;
        std::uint64_t turn = 0;  // the request that waits for its answer
    };

    /// The next operation ends with operation_aborted when `at` has passed.
    void set_deadline(Clock::time_point at) {
        timed_out_ = false;
        deadline_.set(at);
    }
    void give_up() {
        timed_out_ = true;
        error_code ignored;
        socket_.cancel(ignored);
    }

    /// Reads up to the empty line, judges the bytes, lets the parser read them. Nothing when the connection is over.
    net::awaitable<std::unique_ptr<Parser>> read_head() {
        std::optional<Clock::time_point> whole_head;
        set_deadline(Clock::now() + (served_one_ ? share_.limits.keep_alive : share_.limits.first_byte));
        for (std::size_t seen = 0;;) {
            const auto bytes = view_of(buffer_);
            const auto end = bytes.find("\r\n\r\n", seen < 3 ? 0 : seen - 3);
            if (end != std::string_view::npos) {
                auto parser = co_await parse_head(bytes.substr(0, end + 4));
                co_return parser;
            }
            if (auto refusal = judge_partial_head(bytes)) {
                co_await refuse(*refusal);
                co_return nullptr;
            }
            if (share_.draining && bytes.empty()) co_return nullptr;
            if (!bytes.empty() && !whole_head) {
                whole_head = Clock::now() + share_.limits.whole_head;
                set_deadline(*whole_head);
            }
            seen = bytes.size();
            auto [error, count] = co_await socket_.async_read_some(buffer_.prepare(8 << 10), kAwait);
            if (error || timed_out_) {
                const Refusal refusal{408, "RequestTimeout", "head: not whole within its deadline"};
                if (timed_out_ && buffer_.size() > 0) co_await refuse(refusal);
                co_return nullptr;
            }
            buffer_.commit(count);
        }
    }

    net::awaitable<std::unique_ptr<Parser>> parse_head(std::string_view head) {
        keep_alive_ = false;
        if (auto refusal = judge_head(head)) {
            co_await refuse(*refusal);
            co_return nullptr;
        }
        auto parser = std::make_unique<Parser>();
        parser->header_limit(kMaxRequestLine + kMaxHeaderBlock + 16);
        parser->body_limit(boost::none);
        parser->eager(false);
        error_code error;
        const auto used = parser->put(net::const_buffer(head.data(), head.size()), error);
        if ((error && error != http::error::need_more) || !parser->is_header_done() || used != head.size()) {
            const Refusal refusal{400, "InvalidRequest", "head: " + error.message()};
            co_await refuse(refusal);
            co_return nullptr;
        }
        buffer_.consume(used);
        auto caller = caller_of(parser->get(), peer_);
        if (!caller) {
            co_await refuse(caller.error());
            co_return nullptr;
        }
        caller_ = std::move(*caller);
        keep_alive_ = parser->get().keep_alive();
        co_return parser;
    }

    /// False when the connection must end.
    net::awaitable<bool> serve_request(Parser& parser) {
        Request request = request_of(parser.get(), peer_);
        request.id = id_;
        request.caller = caller_;
        const auto rule = share_.router.body_rule(request.method, request.path);
        const auto declared = parser.content_length().value_or(0);
        const bool has_body = parser.chunked() || declared > 0;
        if (!rule) {  // nobody wants this body, so nobody reads it
            keep_alive_ = keep_alive_ && !has_body;
        } else if (has_body) {
            const BodyRule within{std::min<std::size_t>(rule->most, share_.limits.body.count), rule->fc, rule->work};
            if (declared > within.most || within.most == 0) {
                const Refusal refusal = too_large(within, declared);
                co_await refuse(refusal);
                co_return false;
            }
            parser.body_limit(within.most);
            const bool whole = co_await read_body(parser, within);
            if (!whole) co_return false;
            request.body = std::move(parser.get().body());
        }
        const bool head_only = parser.get().method() == http::verb::head;
        const bool elsewhere = rule && rule->work && request.body.size() > kBodyOnTheLoop;
        const bool asks_upgrade = !upgrade_of(request).empty();
        Response response = co_await answer(request, elsewhere);
        hold_buffered(0);
        // a client that has been refused may send what it had for the other protocol: that is no request
        if (asks_upgrade) keep_alive_ = false;
        if (response.pipe) {
            const bool streamed = co_await stream(response, parser.get().version() >= 11);
            co_return streamed;
        }
        const bool written = co_await write(response, head_only);
        co_return written;
    }

    /// `size`: what the client says that it sends, 0 where it does not.
    static Refusal too_large(const BodyRule& rule, std::uint64_t size = 0) {
        const auto most = std::to_string(rule.most);
        if (rule.fc) {
            std::string words = "payload size exceeds maximum allowed size (" + most + " bytes)";
            if (rule.work && size > 0)  // a package, in base64
                words += ": the body has " + std::to_string(size) + " bytes; a package may have " +
                         std::to_string(kMostPackage.count);
            return {400, "EntityTooLarge", words};
        }
        return {413, "RequestTooLarge", "body: at most " + most + " bytes on this path"};
    }

    net::awaitable<bool> read_body(Parser& parser, const BodyRule& rule) {
        const auto expect = parser.get()[http::field::expect];
        if (!expect.empty() && !beast::iequals(expect, "100-continue")) {
            const Refusal refusal{417, "InvalidRequest", "Expect: only \"100-continue\" is understood"};
            co_await refuse(refusal);
            co_return false;
        }
        const auto whole_body = Clock::now() + share_.limits.whole_body;
        if (!expect.empty() && buffer_.size() == 0) {
            constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
            set_deadline(std::min(whole_body, Clock::now() + share_.limits.write));
            const auto [error, count] = co_await net::async_write(socket_, net::buffer(kContinue), kAwait);
            if (error) co_return false;
        }
        auto judge_chunk = [](std::uint64_t, beast::string_view extension, error_code& error) {
            if (extension.size() > kMaxChunkExtension) error = http::error::bad_chunk_extension;
        };
        parser.on_chunk_header(judge_chunk);
        if (!parser.chunked() && buffer_.size() > 0) {  // what came with the head needs no turn of the loop
            error_code ignored;                         // the rest is to come
            buffer_.consume(parser.put(buffer_.data(), ignored));
        }
        while (!parser.is_done()) {
            set_deadline(std::min(whole_body, Clock::now() + share_.limits.body_idle));
            const auto [error, count] = co_await http::async_read_some(socket_, buffer_, parser, kAwait);
            if (error) {
                if (auto refusal = explain(error, rule)) co_await refuse(*refusal);
                co_return false;
            }
            if (!hold_buffered(parser.get().body().size())) {
                const Refusal refusal{503, "Exhausted", "body: the server holds as many bytes of bodies as it may"};
                std::string().swap(parser.get().body());
                hold_buffered(0);  // before the client knows, and may try again
                co_await refuse(refusal);
                co_return false;
            }
        }
        co_return true;
    }

    std::optional<Refusal> explain(error_code error, const BodyRule& rule) const {
        if (timed_out_) return Refusal{408, "RequestTimeout", "body: no byte within its deadline"};
        if (error == http::error::body_limit) return too_large(rule);
        if (error.category() == http::make_error_code(http::error::bad_chunk).category() &&
            error != http::error::end_of_stream && error != http::error::partial_message)
            return Refusal{400, "InvalidRequest", "body: " + error.message()};
        return std::nullopt;
    }

    /// Counts what this connection holds of a body; false when all together would hold too much.
    bool hold_buffered(std::uint64_t bytes) {
        share_.buffered = share_.buffered - held_ + bytes;
        held_ = bytes;
        return share_.buffered <= share_.limits.buffered_bodies.count;
    }

    /// Waits for the route, which may answer at once, later, or from another thread.
    net::awaitable<Response> answer(Request& request, bool elsewhere) {
        deadline_.clear();
        answered_ = false;
        client_->on_gone = nullptr;  // a call that was answered at once has left its own
        const auto respond = [exchange = exchange_, turn = ++exchange_->turn, &loop = share_.loop](Response response) {
            if (loop.is_here()) return deliver(*exchange, turn, std::move(response));
            loop.post([exchange, turn, shared = std::make_shared<Response>(std::move(response))] {
                deliver(*exchange, turn, std::move(*shared));
            });
        };
        if (elsewhere) {
            share_.helper.post([&share = share_, respond, exchange = exchange_, turn = exchange_->turn,
                                shared = std::make_shared<Request>(std::move(request))] {
                const auto client = shared->client = std::make_shared<Client>();
                share.router.handle(std::move(*shared), respond);
                if (client->on_gone) share.loop.post([exchange, turn, client] { adopt(*exchange, turn, *client); });
            });
        } else {
            request.client = client_;
            share_.router.handle(std::move(request), respond);
        }
        if (!answered_) {
            long_wait_.begin();
            auto initiate = [this](Resume&& resume) { resume_.emplace(std::move(resume)); };
            co_await net::async_initiate<const net::use_awaitable_t<>, void()>(initiate, net::use_awaitable);
            stop_watching_client();
        }
        if (!response_.pipe) client_->on_gone = nullptr;
        ++exchange_->turn;
        co_return std::move(response_);
    }

    /// Sends an answer that comes in pieces, or passes bytes both ways after a 101. False when the connection must end.
    net::awaitable<bool> stream(Response& response, bool chunks) {
        const bool switched = response.status == 101;
        chunks = chunks && !switched;
        keep_alive_ = keep_alive_ && chunks && !share_.draining;
        ResponseStream body(share_, socket_, deadline_, std::move(response.pipe));
        stream_ = &body;
        write_head(response, id_, keep_alive_,
                   switched ? Framing::Switched
                   : chunks ? Framing::Chunks
                            : Framing::Connection,
                   head_);
        bool whole = co_await write_bytes();
        if (whole && switched) {
            std::string early(view_of(buffer_));
            buffer_.clear();
            co_await body.pass_both_ways(std::move(early));
        } else if (whole) {
            long_wait_.begin();
            whole = co_await body.send(chunks);
            stop_watching_client();
        }
        stream_ = nullptr;
        if (!whole && !body.is_over()) client_gone();
        client_->on_gone = nullptr;
        if (!whole && !chunks) reset();
        co_return whole;
    }

    static void deliver(Exchange& exchange, std::uint64_t turn, Response response) {
        if (exchange.connection != nullptr && exchange.turn == turn) exchange.connection->answered(std::move(response));
    }
    /// What a route has set on another thread counts from here on, perhaps too late to be called by somebody else.
    static void adopt(Exchange& exchange, std::uint64_t turn, Client& set) {
        if (exchange.connection == nullptr || exchange.turn != turn) return;
        Client& client = *exchange.connection->client_;
        if (client.gone) return set.on_gone();
        client.on_gone = std::move(set.on_gone);
    }
    void answered(Response response) {
        response_ = std::move(response);
        answered_ = true;
        if (!resume_) return;  // the route has not returned yet
        Resume next = std::move(*resume_);
        resume_.reset();
        std::move(next)();
    }

    /// From now on the client's end is seen. On a Unix socket one that has only shut its sending side still reads.
    void watch_client() {
        const auto what = is_local() ? StreamSocket::wait_error : StreamSocket::wait_read;
        socket_.async_wait(what, [this, exchange = exchange_, turn = exchange_->turn](error_code error) {
            if (error || exchange->connection == nullptr || exchange->turn != turn) return;
            if (is_local())  // the loop may wake a wait for nothing
                return linux::has_hung_up(socket_.native_handle()) ? client_gone() : watch_client();
            char byte;
            (void)socket_.receive(net::buffer(&byte, 1), StreamSocket::message_peek, error);
            if (error && error != net::error::would_block && error != net::error::try_again) client_gone();
        });
        watching_client_ = true;
    }
    bool is_local() const { return peer_.access == nullptr || !peer_.access->needs_proof; }
    void client_gone() {
        client_->gone = true;
        if (const auto callback = std::exchange(client_->on_gone, nullptr)) callback();
    }
    void stop_watching_client() {
        long_wait_.end();
        if (std::exchange(watching_client_, false)) {
            error_code ignored;
            socket_.cancel(ignored);
        }
        if (client_->gone) broken_ = true;  // nobody reads any more
    }

    // Arguments of coroutines are references to named objects of the caller: GCC 12 copies braced temporaries that are
    // alive over a co_await byte by byte, and destroys them twice.
    net::awaitable<void> refuse(const Refusal& refusal) {
        keep_alive_ = false;
        Response response = error_response(refusal.status, refusal.code, refusal.message, "", id_);
        if (refusal.status == 401) response.headers.add("WWW-Authenticate", "Bearer");
        co_await write(response, false);
    }

    /// An answer that ends with the connection has been cut: the client must not take it for whole.
    void reset() {
        error_code ignored;
        socket_.set_option(net::socket_base::linger(true, 0), ignored);
        broken_ = true;
    }

    /// Those in head_.
    net::awaitable<bool> write_bytes() {
        if (broken_) co_return false;
        set_deadline(Clock::now() + share_.limits.write);
        const auto [error, count] = co_await net::async_write(socket_, net::buffer(head_), kAwait);
        deadline_.clear();
        broken_ = static_cast<bool>(error);
        co_return !broken_;
    }

    net::awaitable<bool> write(Response& response, bool head_only) {
        if (broken_) co_return false;
        keep_alive_ = keep_alive_ && !share_.draining;
        write_head(response, id_, keep_alive_, Framing::Length, head_);
        std::array<net::const_buffer, 2> rest{net::buffer(head_),
                                              head_only ? net::const_buffer() : net::buffer(response.body)};
        error_code error;
        const auto sent = socket_.write_some(rest, error);  // nearly always the whole of it
        if (error && error != net::error::would_block && error != net::error::try_again) co_return !(broken_ = true);
        for (std::size_t left = error ? 0 : sent; net::const_buffer & buffer : rest) {
            const auto part = std::min(left, buffer.size());
            buffer += part;
            left -= part;
        }
        if (net::buffer_size(rest) == 0) co_return true;
        set_deadline(Clock::now() + share_.limits.write);
        const auto [failed, count] = co_await net::async_write(socket_, rest, kAwait);
        broken_ = static_cast<bool>(failed);
        co_return !broken_;
    }

    /// A client that is still sending must be able to read why it was refused: on a Unix socket a close with bytes
    /// unread resets the other end.
    net::awaitable<void> linger() {
        error_code ignored;
        socket_.shutdown(StreamSocket::shutdown_send, ignored);
        const auto until = Clock::now() + kLinger;
        std::array<char, 16 << 10> waste;
        set_deadline(until);
        for (;;) {
            const auto [error, count] = co_await socket_.async_read_some(net::buffer(waste), kAwait);
            if (error || share_.draining) break;
        }
    }

    StreamSocket socket_;
    events::Deadline deadline_;
    events::LongWait long_wait_;  // for an answer
    const Peer peer_;
    ServerShare& share_;
    beast::flat_buffer buffer_;
    const std::shared_ptr<Exchange> exchange_ = std::make_shared<Exchange>(this);
    const std::shared_ptr<Client> client_ = std::make_shared<Client>();
    std::optional<Resume> resume_;  // the coroutine that waits for a route
    Response response_;             // what the route has answered
    Caller caller_;                 // of the request under way
    std::string id_;
    std::string head_;
    ResponseStream* stream_ = nullptr;  // of the answer under way, when it comes in pieces
    std::uint64_t held_ = 0;
    bool busy_ = false;
    bool answered_ = false;
    bool watching_client_ = false;
    bool served_one_ = false;
    bool keep_alive_ = true;
    bool timed_out_ = false;
    bool broken_ = false;  // nothing more can be written
};

net::awaitable<void> serve_connection(StreamSocket socket, Peer peer, ServerShare& share) {
    Connection connection(std::move(socket), peer, share);
    co_await connection.serve();
}

std::size_t count_busy(const ServerShare& share) {
    return static_cast<std::size_t>(std::ranges::count_if(share.connections, &Connection::is_busy));
}

void close_idle(ServerShare& share) {
    for (Connection* connection : share.connections) connection->close_if_idle();
}

void cut_off(ServerShare& share) {
    const auto connections = share.connections;  // one that waits for its route ends at once
    for (Connection* connection : connections) connection->cut_off();
}

}  // namespace hotcell::api
