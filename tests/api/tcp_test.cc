// The server over TCP: nobody without the token, nobody who calls it by another name.
#include <ctime>

#include "engine/api/signing/digest.h"
#include "engine/api/signing/verify.h"
#include "engine/api/wire/base64.h"
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
        ASSERT_TRUE(server_.listen_on(std::move(listener->fd), Access{.token = kToken, .hosts = listener->hosts}));
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
    FakeCatalog catalog_;
    FakeCallService calls_;
    Router router_{Services{.run = runs_, .catalog = &catalog_, .calls = &calls_}};
    LoopThread loop_;
    Server server_{loop_.loop(), router_, {}};
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

/// With keys, and no token.
class OverTcpWithKeys : public ::testing::Test {
protected:
    void SetUp() override {
        auto keys = std::make_shared<signing::KeyRing>();
        ASSERT_TRUE(keys->add_lines("akid a-secret-of-letters"));
        keys_ = keys;
        auto listener = linux::listen_at_tcp("127.0.0.1:0");
        ASSERT_TRUE(listener) << listener.error().message();
        port_ = listener->port;
        ASSERT_TRUE(server_.listen_on(std::move(listener->fd), Access{.keys = keys, .hosts = listener->hosts}));
        server_.start();
    }
    std::string ask(const std::string& path, const std::string& more) {
        RawClient client(port_);
        client.send("GET " + path + " HTTP/1.1\r\nHost: " + host_ + "\r\n" + more + "Connection: close\r\n\r\n");
        return client.read_all();
    }
    /// A Date of now and what FC's clients make of it.
    static std::string signed_lines(const std::string& path, const std::string& secret = "a-secret-of-letters") {
        char date[32];
        const std::time_t now = std::time(nullptr);
        std::strftime(date, sizeof date, "%a, %d %b %Y %T GMT", std::gmtime(&now));
        const auto text = signing::fc_string({"GET", path, "", {}}, date, path, false);
        return std::string("Date: ") + date +
               "\r\nAuthorization: FC akid:" + base64(signing::hmac_sha256(secret, text)) + "\r\n";
    }

    FakeRunService runs_;
    FakeCatalog catalog_;
    FakeCallService calls_;
    Router router_{Services{.run = runs_, .catalog = &catalog_, .calls = &calls_}};
    LoopThread loop_;
    Server server_{loop_.loop(), router_, {}};
    std::shared_ptr<const signing::KeyRing> keys_;
    std::string host_ = "1234.local.fc";  // who signs may call it anything
    std::uint16_t port_ = 0;
};

TEST_F(OverTcpWithKeys, AnswersWhoSigns) {
    EXPECT_TRUE(ask("/version", signed_lines("/version")).starts_with("HTTP/1.1 200"));
    EXPECT_TRUE(ask("/version" + signing::query_signature(keys_->own(), "/version", std::time(nullptr) + 5), "")
                    .starts_with("HTTP/1.1 200"));
}

TEST_F(OverTcpWithKeys, RefusesEverybodyElse) {
    const auto refused = [](const std::string& answer, const char* status, const char* code) {
        EXPECT_TRUE(answer.starts_with(std::string("HTTP/1.1 ") + status)) << answer;
        EXPECT_NE(answer.find(std::string("\"ErrorCode\":\"") + code), std::string::npos) << answer;
    };
    refused(ask("/version", ""), "400", "MissingRequiredHeader");
    refused(ask("/version", "Authorization: Bearer x\r\n"), "401", "Unauthorized");
    refused(ask("/version", signed_lines("/healthz")), "403", "SignatureNotMatch");
    refused(ask("/version", signed_lines("/version", "another-secret-of-letters")), "403", "SignatureNotMatch");
    refused(ask("/version", "Authorization: FC akid:x\r\nDate: Fri, 27 Nov 2020 03:53:30 GMT\r\n"), "403",
            "RequestTimeTooSkewed");
    refused(ask("/version" + signing::query_signature(keys_->own(), "/version", 1), ""), "403", "AccessDenied");
}

TEST_F(OverTcpWithKeys, LetsNobodyThroughWhereNoTriggerSaysSo) {
    EXPECT_TRUE(ask("/2016-08-15/proxy/s/f/", "").starts_with("HTTP/1.1 403")) << "another name of the server";
    host_ = "127.0.0.1:" + std::to_string(port_);
    EXPECT_TRUE(ask("/2016-08-15/proxy/s/f/", "").starts_with("HTTP/1.1 404")) << "no such function";
    put_http_function(catalog_, {.auth_type = "function", .methods = {"GET"}});
    EXPECT_TRUE(ask("/2016-08-15/proxy/s/f/", "").starts_with("HTTP/1.1 400")) << "it wants a signature";
    EXPECT_TRUE(calls_.calls().empty());
    TriggerChange open;
    open.http = HttpTrigger{.auth_type = "anonymous", .methods = {"GET"}};
    ASSERT_TRUE(catalog_.update_trigger("s", "f", "web", open, ""));
    (void)ask("/2016-08-15/proxy/s/f/", "");
    EXPECT_EQ(calls_.calls().size(), 1u) << "anybody may call it now";
}

TEST_F(OverTcpWithKeys, ComparesTheBodyWithItsDigest) {
    const auto post = [&](const std::string& path, const std::string& type, const std::string& meant,
                          const std::string& body) {
        char date[32];
        const std::time_t now = std::time(nullptr);
        std::strftime(date, sizeof date, "%a, %d %b %Y %T GMT", std::gmtime(&now));
        const std::string md5 = base64(signing::md5(meant));
        const auto text =
            signing::fc_string({"POST", path, "", {{"content-md5", md5}, {"content-type", type}}}, date, path, false);
        RawClient client(port_);
        client.send("POST " + path + " HTTP/1.1\r\nHost: x\r\nDate: " + date + "\r\nContent-MD5: " + md5 +
                    "\r\nContent-Type: " + type +
                    "\r\nAuthorization: FC akid:" + base64(signing::hmac_sha256("a-secret-of-letters", text)) +
                    "\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
        return client.read_all();
    };
    const std::string services = "/2016-08-15/services", json = "application/json";
    const std::string a = R"({"serviceName":"a"})", b = R"({"serviceName":"b"})";
    EXPECT_TRUE(post(services, json, a, b).starts_with("HTTP/1.1 400"));
    EXPECT_TRUE(post(services, json, a, a).starts_with("HTTP/1.1 200"));
    EXPECT_EQ(catalog_.services(), 1u);
    const std::string multipart = "multipart/form-data; boundary=b";
    const std::string part = "--b\r\nContent-Disposition: form-data; name=\"program\"\r\n\r\n";
    const std::string meant = part + "meant\r\n--b--\r\n", other = part + "other\r\n--b--\r\n";
    EXPECT_TRUE(post("/v1/run", multipart, meant, other).starts_with("HTTP/1.1 400"));
    EXPECT_TRUE(post("/v1/run", multipart, meant, meant).starts_with("HTTP/1.1 200"));
}

TEST_F(ServerTest, ComparesASignatureThatIsShownOnAUnixSocket) {
    auto keys = std::make_shared<signing::KeyRing>();
    ASSERT_TRUE(keys->add_lines("akid a-secret-of-letters"));
    start({}, Access{.keys = keys, .needs_proof = false});
    EXPECT_TRUE(exchange("GET /version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").starts_with("HTTP/1.1 200"));
    EXPECT_TRUE(exchange("GET /version HTTP/1.1\r\nHost: x\r\nAuthorization: FC akid:x\r\nConnection: close\r\n\r\n")
                    .starts_with("HTTP/1.1 400"));
    EXPECT_TRUE(exchange("GET /version HTTP/1.1\r\nHost: x\r\nAuthorization: FC nobody:x\r\nConnection: close\r\n\r\n")
                    .starts_with("HTTP/1.1 403"));
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
    const Router router(Services{.run = runs});
    EventLoop loop;
    Server server(loop, router, {});
    auto open = linux::listen_at_tcp("127.0.0.1:0");
    auto empty = linux::listen_at_tcp("127.0.0.1:0");
    ASSERT_TRUE(open && empty);
    EXPECT_FALSE(server.listen_on(std::move(open->fd)));
    EXPECT_FALSE(server.listen_on(std::move(empty->fd), Access{}));
}

}  // namespace

}  // namespace hotcell::api
