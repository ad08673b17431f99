// One connection of a program that asks for its calls: requests in, one answer each, kept open in between.
//
// Here: bytes and their bounds. Not here: what is asked for (runtime_api_environment.h).
// Threads: the reactor's. What comes from the program is hostile.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "engine/environment/http/message_parser.h"
#include "engine/environment/reactor/reactor.h"

namespace hotcell::environment {

class ApiConnection {
public:
    struct Hooks {
        /// Answered by reply(), at once or later; none other comes before.
        std::function<void(ApiConnection&, HttpMessage request)> on_request;
        /// A request that is refused before it is whole: its body is too long. The connection ends after reply().
        std::function<void(ApiConnection&, HttpMessage request)> on_too_long;
        /// The program has gone away, or said what is no HTTP. The last call; may destroy the connection.
        std::function<void(ApiConnection&)> on_end;
    };
    ApiConnection(Reactor& reactor, linux::UniqueFd socket, std::uint64_t most_body, Hooks hooks);

    /// `headers` are lines.
    void reply(unsigned status, std::string_view headers, std::string_view body);
    /// A request waits for reply().
    bool is_asking() const { return asking_; }

private:
    void wait_readable();
    void readable();
    void write();
    void end();

    Watch watch_;
    std::uint64_t most_body_;
    Hooks hooks_;
    std::optional<MessageParser> parser_;
    std::string unsent_;
    std::size_t sent_ = 0;
    bool asking_ = false;
    bool last_ = false;  // no other request is read
    bool waits_ = false;
    bool ended_ = false;
    bool told_to_go_on_ = false;
    std::uint64_t discarded_ = 0;
};

}  // namespace hotcell::environment
