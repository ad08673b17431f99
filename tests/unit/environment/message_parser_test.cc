// HTTP messages from a hostile peer: read whole or in pieces to the same end, bounded, and nothing after their end.
#include <gtest/gtest.h>

#include <string>

#include "engine/environment/http/message_parser.h"

namespace hotcell::environment {
namespace {

using State = MessageParser::State;
constexpr std::uint64_t kMostBody = 1000;

MessageParser answer_of(std::string_view bytes, State& state, bool bodiless = false) {
    MessageParser parser(HttpSide::Answer, kMostBody, bodiless);
    state = parser.add(bytes);
    return parser;
}

State state_of(std::string_view bytes) {
    MessageParser parser(HttpSide::Answer, kMostBody);
    return parser.add(bytes);
}

TEST(MessageParser, ReadsAnAnswerByteByByteAsInOnePiece) {
    const std::string bytes =
        "HTTP/1.1 201 Created\r\nX-Fc-Status: 404\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5\r\nhello\r\n1;a=b\r\n!\r\n0\r\nX-Trailer: no\r\n\r\n";
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, bytes.size()}) {
        MessageParser parser(HttpSide::Answer, kMostBody);
        State state = State::More;
        for (std::size_t at = 0; at < bytes.size(); at += piece) {
            ASSERT_EQ(state, State::More) << at;
            state = parser.add(std::string_view(bytes).substr(at, piece));
        }
        ASSERT_EQ(state, State::Done) << piece;
        EXPECT_EQ(parser.message().status, 201u);
        EXPECT_EQ(parser.message().body, "hello!");
        EXPECT_EQ(parser.message().header("x-fc-status"), "404");
        EXPECT_EQ(parser.message().header("x-trailer"), "") << "a trailer became a header";
        EXPECT_TRUE(parser.message().keep_alive);
        EXPECT_FALSE(parser.has_rest());
    }
}

TEST(MessageParser, ABodyWithoutLengthEndsWithTheConnection) {
    State state;
    MessageParser parser = answer_of("HTTP/1.0 200 OK\r\n\r\nabc", state);
    EXPECT_EQ(state, State::More);
    EXPECT_EQ(parser.end(), State::Done);
    EXPECT_EQ(parser.message().body, "abc");
    EXPECT_FALSE(parser.message().keep_alive);
}

TEST(MessageParser, AnEndWithinTheMessageIsNoMessage) {
    for (const char* bytes : {"", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
                              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"}) {
        State state;
        MessageParser parser = answer_of(bytes, state);
        ASSERT_EQ(state, State::More) << bytes;
        EXPECT_EQ(parser.end(), State::Broken) << bytes;
    }
}

TEST(MessageParser, WhatFollowsTheMessageIsNoticed) {
    State state;
    MessageParser parser = answer_of("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\n", state);
    EXPECT_EQ(state, State::Done);
    EXPECT_EQ(parser.message().body, "a");
    EXPECT_TRUE(parser.has_rest());
}

TEST(MessageParser, AHeadRequestsAnswerHasNoBodyWhateverItAnnounces) {
    State state;
    MessageParser parser = answer_of("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", state, true);
    EXPECT_EQ(state, State::Done);
}

TEST(MessageParser, PassesOverInformationalAnswersButNotForEver) {
    const std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    State state;
    MessageParser parser = answer_of(go_on + go_on + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", state);
    EXPECT_EQ(state, State::Done);
    EXPECT_EQ(parser.message().status, 200u);
    std::string many;
    for (int i = 0; i < 100; ++i) many += go_on;
    EXPECT_EQ(state_of(many), State::Broken);
}

TEST(MessageParser, BoundsHeadAndBody) {
    EXPECT_EQ(state_of("HTTP/1.1 200 OK\r\nA: " + std::string(9000, 'a') + "\r\n\r\n"), State::HeadTooLong);
    EXPECT_EQ(state_of("HTTP/1.1 200 OK\r\nA: " + std::string(9000, 'a')), State::HeadTooLong);
    EXPECT_EQ(state_of("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n"), State::BodyTooLong);
    EXPECT_EQ(state_of("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"), State::More);
    EXPECT_EQ(state_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFF\r\n"), State::BodyTooLong);
    EXPECT_EQ(state_of("HTTP/1.1 200 OK\r\n\r\n" + std::string(1001, 'x')), State::BodyTooLong);
    EXPECT_EQ(state_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(300, 'e') + "\r\nx"),
              State::Broken);
    EXPECT_EQ(state_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(100'000, 'e')),
              State::Broken);
}

TEST(MessageParser, RefusesAnswersThatCanBeReadInTwoWays) {
    for (const char* headers :
         {"Content-Length: 3\r\nContent-Length: 4\r\n", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
          "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "Content-Length: +3\r\n", "Content-Length: 0x3\r\n",
          "Content-Length: 3 4\r\n", "Content-Length : 3\r\n", "A: b\r\n c: d\rX\r\n",
          "Content-Length: 99999999999999999999999\r\n"})
        EXPECT_NE(state_of(std::string("HTTP/1.1 200 OK\r\n") + headers + "\r\nabc"), State::Done) << headers;
    for (const char* bytes : {"HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 OK\r\n\r\n",
                              "hello\r\n\r\n", "\r\n\r\n\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"})
        EXPECT_EQ(state_of(bytes), State::Broken) << bytes;
}

TEST(MessageParser, ReadsARequest) {
    MessageParser parser(HttpSide::Request, kMostBody);
    EXPECT_EQ(parser.add("POST /2018-06-01/runtime/invocation/a/response HTTP/1.1\r\nExpect: 100-continue\r\n"
                         "Content-Length: 2\r\n\r\n"),
              State::More);
    EXPECT_TRUE(parser.expects_continue());
    EXPECT_EQ(parser.add("ok"), State::Done);
    EXPECT_EQ(parser.message().method, "POST");
    EXPECT_EQ(parser.message().target, "/2018-06-01/runtime/invocation/a/response");
    EXPECT_EQ(parser.message().body, "ok");
}

MessageParser in_pieces(bool bodiless = false) {
    MessageParser parser(HttpSide::Answer, kMostBody, bodiless);
    parser.allow_pieces();
    return parser;
}

TEST(MessageParser, GivesABodyOfUnknownLengthInPiecesWithoutABound) {
    const std::string piece(3 * kMostBody, 'p');
    MessageParser chunked = in_pieces();
    EXPECT_EQ(chunked.add("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunk"), State::More);
    EXPECT_FALSE(chunked.comes_in_pieces());
    EXPECT_EQ(chunked.add("ed\r\n\r\nbb8\r\n" + piece.substr(0, 10)), State::More);
    EXPECT_TRUE(chunked.comes_in_pieces());
    EXPECT_EQ(chunked.take_body(), piece.substr(0, 10));
    EXPECT_EQ(chunked.take_body(), "");
    EXPECT_EQ(chunked.add(piece.substr(10) + "\r\n0\r\n\r\n"), State::Done);
    EXPECT_EQ(chunked.take_body(), piece.substr(10));
    MessageParser to_end = in_pieces();
    EXPECT_EQ(to_end.add("HTTP/1.0 200 OK\r\n\r\n" + piece), State::More);
    EXPECT_TRUE(to_end.comes_in_pieces());
    EXPECT_EQ(to_end.take_body(), piece);
    EXPECT_EQ(to_end.end(), State::Done);
}

TEST(MessageParser, GivesNothingInPiecesWhoseLengthIsKnown) {
    for (const char* bytes :
         {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
          "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"}) {
        MessageParser parser = in_pieces();
        EXPECT_EQ(parser.add(bytes), State::Done) << bytes;
        EXPECT_FALSE(parser.comes_in_pieces()) << bytes;
    }
    MessageParser of_head = in_pieces(true);
    EXPECT_EQ(of_head.add("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), State::Done);
    EXPECT_FALSE(of_head.comes_in_pieces());
    MessageParser large = in_pieces();
    EXPECT_EQ(large.add("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n"), State::BodyTooLong);
}

TEST(MessageParser, BoundsWhatLiesBetweenChunksInPiecesToo) {
    for (const std::string& bytes :
         {"3;" + std::string(300, 'x') + "\r\nabc\r\n", std::string("x\r\n"), std::string("3\r\nabcd\r\n3\r\nabc\r\n"),
          "0\r\nX-Trailer: " + std::string(30000, 'x')}) {
        MessageParser parser = in_pieces();
        EXPECT_EQ(parser.add("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), State::More);
        const State state = parser.add(bytes);
        EXPECT_TRUE(state == State::Broken || state == State::HeadTooLong) << bytes.substr(0, 20);
    }
}

TEST(MessageParser, LeavesWhatFollowsA101AsItIs) {
    MessageParser parser = in_pieces();
    EXPECT_EQ(parser.add("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"), State::Done);
    EXPECT_EQ(parser.take_rest(), "HTTP/1.1 200 OK\r\n\r\n");
}

}  // namespace
}  // namespace hotcell::environment
