// One TCP socket to a server inside a sandbox: connected when it is needed, kept while the server keeps it, used again after.
//
// Here: one request and its answer at a time, as a whole or as it comes; the bytes of a connection that has gone over to another
// protocol. Not here: which connection takes which request (http_environment.h), who takes an answer (answer_stream.h).
// Threads: the reactor's. What comes from the server is hostile.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/environment/http/message_parser.h"
#include "engine/environment/reactor/reactor.h"

namespace hotcell::environment {

/// How an exchange ended.
enum class ExchangeEnd {
    Answered,
    Closed,       // the connection ended, and with it an answer that was taken as it came
    Lost,         // the connection ended before a byte of the answer had come
    Cut,          // it ended within the answer
    NotHttp,      // what came makes no sense
    HeadTooLong,  // than kMostHeadBytes
    BodyTooLong,  // than was allowed
};

/// Takes an answer as it comes. Each call may end the connection.
class PieceTaker {
public:
    virtual ~PieceTaker() = default;
    /// Whether the client has asked for what this 101 goes over to.
    virtual bool has_asked_for(const HttpMessage& head) const = 0;
    /// The head of an answer whose length is not known, or of such a 101. Its headers may be moved away.
    virtual void begin(HttpMessage& head) = 0;
    /// False: no more until resume().
    virtual bool write(std::string_view piece) = 0;
    /// What send() was given has gone.
    virtual void taken() = 0;
};

struct ServerRequest {
    std::string bytes;
    bool bodiless = false;        // its answer: it is a HEAD request
    std::uint64_t most_body = 0;  // of an answer that is taken as a whole
    PieceTaker* taker = nullptr;  // null: every answer is
};

class ServerConnection {
public:
    using OnConnected = std::function<void(bool connected)>;
    using OnEnd = std::function<void(ExchangeEnd end, HttpMessage answer)>;

    ServerConnection(Reactor& reactor, linux::UniqueFd socket);

    /// Tries once, at 127.0.0.1. `done` is called exactly once, perhaps at once, unless disconnect() comes first.
    void connect(std::uint16_t port, OnConnected done);
    /// One request on a connection that is kept. `done` is called exactly once, unless disconnect() comes first.
    void exchange(ServerRequest request, OnEnd done);
    /// Ends it at once; nothing is called any more. It may be connected again.
    void disconnect();
    /// Goes on reading after PieceTaker::write() has said false.
    void resume();
    /// After a 101: bytes for the server. True: they have gone; false: PieceTaker::taken() says when.
    bool send(std::string bytes);
    /// After a 101: no more bytes come for the server, once those before have gone.
    void finish_sending();

    /// Connected, and no request under way.
    bool is_kept() const { return state_ == State::Kept; }
    bool is_free() const { return state_ == State::Free || state_ == State::Kept; }
    bool has_gone_over() const { return taking_.gone_over; }
    /// Since when it is kept, CLOCK_MONOTONIC.
    std::uint64_t kept_ns() const { return kept_ns_; }
    /// How many exchanges this connection has had.
    std::uint32_t exchanges() const { return exchanges_; }

private:
    enum class State { Free, Connecting, Kept, Busy };
    /// How the answer under way is taken as it comes.
    struct Taking {
        PieceTaker* taker = nullptr;
        bool begun = false;
        bool gone_over = false;  // to another protocol
        bool paused = false;
        bool finishes = false;  // no bytes come for the server after those that are unsent
    };

    void connection_made();
    void wait_readable();
    void readable();
    void read_end();
    bool take(std::string_view bytes);
    bool give_pieces(MessageParser::State state);
    bool give(std::string_view piece);
    template <class Call>
    bool is_here_after(Call call);
    bool write();
    void end(ExchangeEnd end);

    Watch watch_;
    State state_ = State::Free;
    bool waits_ = false;  // for something to read: the one wait serves one connection after the other
    std::uint32_t exchanges_ = 0;
    std::uint64_t kept_ns_ = 0;
    std::uint64_t turn_ = 0;  // of connections: what was meant for an earlier one is ignored
    OnConnected on_connected_;
    OnEnd on_end_;
    std::string unsent_;
    std::size_t sent_ = 0;
    std::optional<MessageParser> parser_;
    Taking taking_;
    const std::shared_ptr<bool> here_ = std::make_shared<bool>(true);  // ends with this object
};

}  // namespace hotcell::environment
