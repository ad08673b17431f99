// The server over TCP: nobody without the token, nobody who calls it by another name.
#include "engine/linux/sockets/tcp_listener.h"
#include "tests/api/server_fixture.h"

namespace hotcell::api {

namespace {

constexpr const char* kToken = "a-token-of-many-letters";

class OverTcp : public ::testing::Test {
protected:
    void SetUp() override {
        auto listener = linux::listen_at_tcp("127.0.0.1:0");
        ASSERT_TRUE(listener) << listener.error().message();
        port_ = listener->port;
        ASSERT_TRUE(server_.listen_on(std::move(listener->fd), TcpAccess{kToken, listener->hosts}));
        server_.start();
    }
    std::string get(const std::string& path, const std::string& host, const std::string& authorization) {
        RawClient client(port_);
        client.send("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n" +
                    (authorization.empty() ? "" : "Authorization: " + authorization + "\r\n") +
                    "Connection: close\r\n\r\n");
        return client.read_all();
    }
    std::string here() const { return "127.0.0.1:" + std::to_string(port_); }

    FakeRunService runs_;
    FakeFunctionService functions_;
    Router router_{runs_, &functions_};
    Server server_{router_, {}};
    std::uint16_t port_ = 0;
};

TEST_F(OverTcp, AnswersWhoShowsTheToken) {
    for (const auto& host : {here(), "LOCALHOST:" + std::to_string(port_)})
        EXPECT_TRUE(get("/healthz", host, std::string("Bearer ") + kToken).starts_with("HTTP/1.1 200")) << host;
    EXPECT_TRUE(get("/healthz", here(), std::string("bearer ") + kToken).starts_with("HTTP/1.1 200"));
}

TEST_F(OverTcp, AnswersNobodyElseOnAnyRoute) {
    for (const char* path : {"/healthz", "/version", "/metrics", "/v1/engine", "/2016-08-15/services", "/nothing"})
        for (const std::string authorization :
             {"", "Bearer", "Bearer ", "Bearer a-token-of-many-letter", "Bearer a-token-of-many-letters2",
              "Bearer a-token-of-many-letterS", "Basic a-token-of-many-letters", "a-token-of-many-letters"}) {
            const auto answer = get(path, here(), authorization);
            EXPECT_TRUE(answer.starts_with("HTTP/1.1 401")) << path << " " << authorization << "\n" << answer;
            EXPECT_NE(answer.find("WWW-Authenticate: Bearer\r\n"), std::string::npos) << answer;
            EXPECT_EQ(answer.find("alive"), std::string::npos);
        }
}

TEST_F(OverTcp, RefusesAnotherName) {
    for (const std::string& host : {std::string("evil.example"), std::string("127.0.0.1"), std::string("127.0.0.1:1"),
                                    "localhost.evil.example:" + std::to_string(port_), std::string("x")})
        EXPECT_TRUE(get("/healthz", host, std::string("Bearer ") + kToken).starts_with("HTTP/1.1 403")) << host;
}

TEST_F(OverTcp, ReadsNoBodyOfAStranger) {
    RawClient client(port_);
    client.send("POST /v1/run HTTP/1.1\r\nHost: " + here() + "\r\nContent-Length: 1000000\r\n\r\n");
    EXPECT_TRUE(client.read_answer().starts_with("HTTP/1.1 401"));
    EXPECT_TRUE(runs_.requests().empty());
}

TEST(TcpListener, TakesAddressesInNumbersOnly) {
    for (const char* text : {"", ":", "8000", "localhost:8000", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
                             "127.0.0.1:-1", "127.0.0.1:80x", "::1:8000", "[::1:8000", "1.2.3:80", "[127.0.0.1]:80"}) {
        const auto listener = linux::listen_at_tcp(text);
        ASSERT_FALSE(listener) << text;
        EXPECT_EQ(listener.error().kind, ErrorKind::InvalidArgument) << text;
    }
    const auto first = linux::listen_at_tcp("127.0.0.1:0");
    ASSERT_TRUE(first);
    EXPECT_NE(first->port, 0);
    const auto second = linux::listen_at_tcp(first->shown);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().sys, EADDRINUSE);
}

TEST(TcpListener, IsNotServedWithoutAToken) {
    FakeRunService runs;
    const Router router(runs);
    Server server(router, {});
    auto open = linux::listen_at_tcp("127.0.0.1:0");
    auto empty = linux::listen_at_tcp("127.0.0.1:0");
    ASSERT_TRUE(open && empty);
    EXPECT_FALSE(server.listen_on(std::move(open->fd)));
    EXPECT_FALSE(server.listen_on(std::move(empty->fd), TcpAccess{"", {}}));
}

}  // namespace

}  // namespace hotcell::api
