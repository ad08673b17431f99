// HTTP/1.1 messages as a hostile peer sends them, put together from bytes as they come: a server's answers, a client's
// requests. Boost.Beast reads, this bounds: how long a head is, a body, what lies between chunks.
//
// Pure: no descriptor is touched here. Not here: what a message means.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hotcell::environment {

inline constexpr std::size_t kMostHeadBytes = 8192;  // FC's limit of a response's head

struct HttpMessage {
    unsigned status = 0;                                       // of an answer
    std::string method;                                        // of a request
    std::string target;                                        // of a request
    std::vector<std::pair<std::string, std::string>> headers;  // in order, as sent
    std::string body;
    bool keep_alive = false;  // the connection may be used again

    /// The value of the first header of that name, in whatever case; empty without one.
    std::string_view header(std::string_view name) const;
};

enum class HttpSide { Answer, Request };

class BeastParser;

class MessageParser {
public:
    enum class State {
        More,
        Done,
        Broken,       // not HTTP
        HeadTooLong,  // than kMostHeadBytes
        BodyTooLong,  // than was allowed
    };

    /// `bodiless`: the answer is to a HEAD request.
    MessageParser(HttpSide side, std::uint64_t most_body, bool bodiless = false);
    ~MessageParser();
    MessageParser(MessageParser&&) noexcept;

    /// A body whose length the head does not say is taken as it comes, by take_body(), and has no bound.
    void allow_pieces() {
        pieces_ = true;
        begin();
    }
    /// Informational answers (1xx) are passed over.
    State add(std::string_view bytes);
    /// The connection has ended.
    State end();
    /// Bytes of this message have come.
    bool has_begun() const { return begun_; }
    /// The head is complete: everything but the body is in message().
    bool has_head() const;
    /// The head is complete, and the body is one of allow_pieces().
    bool comes_in_pieces() const;
    /// What has come of the body and was not taken before.
    std::string take_body() { return std::exchange(message().body, {}); }
    /// More bytes came than the message has.
    bool has_rest() const { return !buffer_.empty(); }
    /// They are not HTTP: the connection has gone over to another protocol.
    std::string take_rest() { return std::exchange(buffer_, {}); }
    HttpMessage& message();
    /// Whether the peer asked to be told to go on before it sends its body ("Expect: 100-continue").
    bool expects_continue() const;

private:
    State feed();
    void begin();

    HttpSide side_;
    std::uint64_t most_body_;
    bool bodiless_;
    bool pieces_ = false;
    bool begun_ = false;
    int informational_ = 0;
    State state_ = State::More;
    std::string buffer_;
    std::unique_ptr<BeastParser> parser_;
};

}  // namespace hotcell::environment
