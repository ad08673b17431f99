// libFuzzer target: what a server inside a sandbox answers, what a client inside one asks. In one piece and in pieces the
// end is the same, and nothing is kept beyond the bounds.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "engine/environment/http/message_parser.h"

namespace environment = hotcell::environment;
using environment::HttpSide;
using environment::MessageParser;

namespace {

constexpr std::uint64_t kMostBody = 4096;

MessageParser::State read(MessageParser& parser, std::string_view bytes, std::size_t piece) {
    auto state = MessageParser::State::More;
    for (std::size_t at = 0; at < bytes.size() && state == MessageParser::State::More; at += piece)
        state = parser.add(bytes.substr(at, piece));
    return state == MessageParser::State::More ? parser.end() : state;
}

void check(HttpSide side, bool bodiless, std::string_view bytes, std::size_t piece) {
    MessageParser whole(side, kMostBody, bodiless);
    MessageParser pieces(side, kMostBody, bodiless);
    const auto state = read(whole, bytes, bytes.size() + 1);
    if (whole.message().body.size() > kMostBody) std::abort();
    // of a message that is refused, how it is refused may depend on what had come by then
    const bool done = state == MessageParser::State::Done;
    if ((read(pieces, bytes, piece) == MessageParser::State::Done) != done) std::abort();
    if (!done) return;
    if (whole.message().body != pieces.message().body || whole.message().headers != pieces.message().headers ||
        whole.message().status != pieces.message().status || whole.message().target != pieces.message().target)
        std::abort();
}

/// Taken as it comes, an answer that is read whole is the same.
void check_pieces(std::string_view bytes, std::size_t piece) {
    MessageParser whole(HttpSide::Answer, kMostBody);
    if (read(whole, bytes, bytes.size() + 1) != MessageParser::State::Done) return;
    MessageParser pieces(HttpSide::Answer, kMostBody);
    pieces.allow_pieces();
    std::string body;
    auto state = MessageParser::State::More;
    for (std::size_t at = 0; at < bytes.size() && state == MessageParser::State::More; at += piece) {
        state = pieces.add(bytes.substr(at, piece));
        if (pieces.comes_in_pieces()) body += pieces.take_body();
    }
    if (state == MessageParser::State::More) state = pieces.end();
    if (state != MessageParser::State::Done) std::abort();
    if (body + pieces.take_body() != whole.message().body) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::size_t piece = 1 + data[0] % 61;
    check(HttpSide::Answer, false, bytes, piece);
    check(HttpSide::Answer, true, bytes, piece);
    check(HttpSide::Request, false, bytes, piece);
    check_pieces(bytes, piece);
    return 0;
}
