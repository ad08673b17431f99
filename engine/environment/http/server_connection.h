// One TCP socket to a server inside a sandbox: connected when it is needed, kept while the server keeps it, used again after.
//
// Here: one request and its answer at a time. Not here: which connection takes which request (http_environment.h).
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
    Lost,         // the connection ended before a byte of the answer had come
    Cut,          // it ended within the answer
    NotHttp,      // what came makes no sense
    HeadTooLong,  // than kMostHeadBytes
    BodyTooLong,  // than was allowed
};

class ServerConnection {
public:
    using OnConnected = std::function<void(bool connected)>;
    using OnEnd = std::function<void(ExchangeEnd end, HttpMessage answer)>;

    ServerConnection(Reactor& reactor, linux::UniqueFd socket);

    /// Tries once, at 127.0.0.1. `done` is called exactly once, perhaps at once, unless disconnect() comes first.
    void connect(std::uint16_t port, OnConnected done);
    /// One request on a connection that is kept. `done` is called exactly once, unless disconnect() comes first.
    void exchange(std::string request, bool bodiless, std::uint64_t most_body, OnEnd done);
    /// Ends it at once; nothing is called any more. It may be connected again.
    void disconnect();

    /// Connected, and no request under way.
    bool is_kept() const { return state_ == State::Kept; }
    bool is_free() const { return state_ == State::Free || state_ == State::Kept; }
    /// Since when it is kept, CLOCK_MONOTONIC.
    std::uint64_t kept_ns() const { return kept_ns_; }
    /// How many exchanges this connection has had.
    std::uint32_t exchanges() const { return exchanges_; }

private:
    enum class State { Free, Connecting, Kept, Busy };

    void connection_made();
    void wait_readable();
    void readable();
    void write();
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
};

}  // namespace hotcell::environment
