#include "engine/environment/http/message_parser.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

namespace hotcell::environment {

namespace http = boost::beast::http;
using boost::system::error_code;
using StringView = boost::beast::string_view;

namespace {

constexpr std::size_t kMostExtension = 256;                // of a chunk; nobody reads them
constexpr std::size_t kMostBuffered = 3 * kMostHeadBytes;  // what is not parsed yet: a head, a chunk's, a trailer
constexpr int kMostInformational = 8;

std::string_view view(StringView text) { return {text.data(), text.size()}; }

bool is_same_name(std::string_view one, std::string_view other) {
    return std::ranges::equal(one, other, [](char a, char b) { return (a | 0x20) == (b | 0x20); });
}

}  // namespace

std::string_view HttpMessage::header(std::string_view name) const {
    for (const auto& [key, value] : headers)
        if (is_same_name(key, name)) return value;
    return {};
}

/// What the two kinds of Beast's parser have in common.
class BeastParser {
public:
    virtual ~BeastParser() = default;
    virtual std::size_t put(std::string_view bytes, error_code& error) = 0;
    virtual void put_eof(error_code& error) = 0;
    virtual bool is_done() const = 0;
    virtual bool has_head() const = 0;
    virtual bool needs_end() const = 0;
    bool has_pieces = false;
    HttpMessage message;

protected:
    void add_header(StringView name, StringView value) {
        if (!head_done_) message.headers.emplace_back(view(name), view(value));  // those of trailers are dropped
    }
    void take_chunk_header(StringView extension, error_code& error) const {
        if (extension.size() > kMostExtension) error = http::error::bad_chunk_extension;
    }
    std::size_t add_body(StringView body) {
        message.body.append(body.data(), body.size());
        return body.size();
    }
    bool head_done_ = false;
};

namespace {

template <bool kIsRequest>
class BeastOf final : public BeastParser, private http::basic_parser<kIsRequest> {
public:
    BeastOf(std::uint64_t most_body, bool bodiless, bool pieces) : pieces_(pieces) {
        parser().eager(true);
        parser().header_limit(kMostHeadBytes);
        parser().body_limit(most_body);
        if (bodiless) parser().skip(true);
    }
    std::size_t put(std::string_view bytes, error_code& error) override {
        return parser().put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    }
    void put_eof(error_code& error) override { parser().put_eof(error); }
    bool is_done() const override { return parser().is_done(); }
    bool has_head() const override { return parser().is_header_done(); }
    bool needs_end() const override { return parser().need_eof(); }

private:
    using Parser = http::basic_parser<kIsRequest>;
    Parser& parser() { return *this; }
    const Parser& parser() const { return *this; }

    void on_request_impl(http::verb, StringView method, StringView target, int, error_code&) override {
        message.method = view(method);
        message.target = view(target);
    }
    void on_response_impl(int status, StringView, int, error_code&) override {
        message.status = static_cast<unsigned>(status);
    }
    void on_field_impl(http::field, StringView name, StringView value, error_code&) override {
        add_header(name, value);
    }
    void on_header_impl(error_code&) override {
        head_done_ = true;
        message.keep_alive = parser().keep_alive();
        has_pieces = pieces_ && !parser().is_done() && !parser().content_length();
        if (has_pieces) parser().body_limit(boost::none);
    }
    void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
        // what is announced is bounded, but not sent yet: it costs nothing before it comes
        if (length) message.body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(*length, 64 << 10)));
    }
    std::size_t on_body_impl(StringView body, error_code&) override { return add_body(body); }
    void on_chunk_header_impl(std::uint64_t, StringView extension, error_code& error) override {
        take_chunk_header(extension, error);
    }
    std::size_t on_chunk_body_impl(std::uint64_t, StringView body, error_code&) override { return add_body(body); }
    void on_finish_impl(error_code&) override {}

    const bool pieces_;
};

}  // namespace

MessageParser::MessageParser(HttpSide side, std::uint64_t most_body, bool bodiless)
    : side_(side), most_body_(most_body), bodiless_(bodiless) {
    begin();
}

MessageParser::~MessageParser() = default;
MessageParser::MessageParser(MessageParser&&) noexcept = default;

void MessageParser::begin() {
    if (side_ == HttpSide::Answer)
        parser_ = std::make_unique<BeastOf<false>>(most_body_, bodiless_, pieces_);
    else
        parser_ = std::make_unique<BeastOf<true>>(most_body_, false, false);
}

HttpMessage& MessageParser::message() { return parser_->message; }
bool MessageParser::has_head() const { return parser_->has_head(); }
bool MessageParser::comes_in_pieces() const { return parser_->has_pieces; }

bool MessageParser::expects_continue() const {
    return has_head() && is_same_name(parser_->message.header("expect"), "100-continue");
}

MessageParser::State MessageParser::add(std::string_view bytes) {
    if (state_ != State::More && state_ != State::Done) return state_;
    if (!bytes.empty()) begun_ = true;
    buffer_.append(bytes);
    if (state_ == State::Done) return state_;
    return state_ = feed();
}

MessageParser::State MessageParser::feed() {
    for (;;) {
        error_code error;
        const std::size_t taken = buffer_.empty() ? 0 : parser_->put(buffer_, error);
        buffer_.erase(0, taken);
        if (error == http::error::header_limit) return State::HeadTooLong;
        if (error == http::error::body_limit) return State::BodyTooLong;
        if (error && error != http::error::need_more) return State::Broken;
        if (!parser_->is_done()) {
            if (buffer_.size() > kMostBuffered) return State::Broken;
            if (taken == 0 || buffer_.empty()) return State::More;
            continue;
        }
        const unsigned status = parser_->message.status;
        if (status < 100 || status > 199 || status == 101) return State::Done;
        if (++informational_ > kMostInformational) return State::Broken;
        begin();
    }
}

MessageParser::State MessageParser::end() {
    if (state_ != State::More) return state_;
    if (!parser_->has_head() || !parser_->needs_end()) return state_ = State::Broken;
    error_code error;
    parser_->put_eof(error);
    return state_ = !error && parser_->is_done() ? State::Done : State::Broken;
}

}  // namespace hotcell::environment
