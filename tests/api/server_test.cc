// The server over a real Unix socket: answers, keep-alive, pipelines, deadlines, bounds.
#include <future>
#include <thread>

#include "tests/api/server_fixture.h"

namespace hotcell::api {

namespace {

constexpr std::string_view kGetHealth = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

std::size_t count(std::string_view text, std::string_view what) {
    std::size_t found = 0;
    for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) ++found;
    return found;
}

#define EXPECT_HAS(text, what)                                   \
    do {                                                         \
        const std::string seen_ = (text);                        \
        EXPECT_NE(seen_.find(what), std::string::npos) << seen_; \
    } while (false)
#define EXPECT_STATUS(text, status)                                  \
    do {                                                             \
        const std::string seen_ = (text);                            \
        EXPECT_TRUE(seen_.starts_with("HTTP/1.1 " status)) << seen_; \
    } while (false)

TEST_F(ServerTest, AnswersTheGetRoutes) {
    start();
    RawClient client(path_);
    for (const std::string path : {"/healthz", "/readyz", "/version", "/v1/engine"}) {
        client.send("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
        const auto answer = client.read_answer();
        EXPECT_STATUS(answer, "200");
        EXPECT_HAS(answer, "X-Request-Id: ");
    }
    service_.ready_ = false;
    client.send("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_STATUS(client.read_answer(), "503");
}

TEST_F(ServerTest, AnswersHeadWithoutABody) {
    start();
    const auto answer = exchange("HEAD /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_STATUS(answer, "200");
    EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

TEST_F(ServerTest, RunsAProgramAndTellsItsPhases) {
    start();
    const auto body = form(
        "b", {{"program", "#!"}, {"event", "text"}, {"argument", "-n"}, {"argument", "3"}, {"environment", "LANG=C"}});
    RawClient client(path_);
    client.send(post("/v1/run?runtime=python3&memory=64MiB&timeout=1.5s&start=zygote&slot=fresh&processes=8", body));
    const auto answer = client.read_answer();
    EXPECT_STATUS(answer, "200");
    EXPECT_HAS(answer, "Server-Timing: queue;dur=0.012, sandbox;dur=1.930, total;dur=2.000\r\n");
    EXPECT_HAS(answer, "X-Request-Id: 7f3a0000-0000-4000-8000-000000000001\r\n");
    EXPECT_EQ(count(answer, "X-Request-Id"), 1u);
    EXPECT_HAS(answer, R"("output":"text","outputEncoding":"utf-8","outputTruncated":false)");
    EXPECT_HAS(answer, R"("totalMicros":2000.000,"phases":[{"name":"queue","micros":12.000},{"name":"sandbox")");
    EXPECT_TRUE(answer.ends_with(R"({"name":"sandbox.mount-proc","micros":60.000}]})")) << answer;
    const auto asked = service_.requests().at(0);
    EXPECT_EQ(asked.runtime, "python3");
    EXPECT_EQ(asked.arguments, (std::vector<std::string>{"-n", "3"}));
    EXPECT_EQ(asked.environment.at("LANG"), "C");
    EXPECT_EQ(asked.limits.memory, mebibytes(64));
    EXPECT_EQ(asked.limits.timeout, Millis(1500));
    EXPECT_EQ(asked.limits.processes, 8u);
    EXPECT_EQ(asked.start, StartKind::Zygote);
    EXPECT_EQ(asked.slot, SlotKind::Fresh);
}

TEST_F(ServerTest, WritesOutputThatIsNotTextAsBase64) {
    start();
    RawClient client(path_);
    client.send(post("/v1/run", form("b", {{"program", "#!"}, {"event", "\xff\x00z"}})));
    EXPECT_HAS(client.read_answer(), R"("output":"/w==","outputEncoding":"base64")");
}

TEST_F(ServerTest, TakesAChunkedBody) {
    start();
    const auto body = form("b", {{"program", "#!"}, {"event", "chunked text"}});
    std::string request =
        "POST /v1/run HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        "Transfer-Encoding: chunked\r\n\r\n";
    for (const char c : body) request += std::string("1\r\n") + c + "\r\n";
    RawClient client(path_);
    client.send(request + "0\r\n\r\n" + std::string(kGetHealth));
    EXPECT_HAS(client.read_answer(), R"("output":"chunked text")");
    EXPECT_HAS(client.read_answer(), "alive");
}

TEST_F(ServerTest, SaysContinueBeforeABodyIsSent) {
    start();
    const auto body = form("b", {{"program", "#!"}});
    const auto request = post("/v1/run", body, "Expect: 100-continue\r\n");
    RawClient client(path_);
    client.send(request.substr(0, request.size() - body.size()));
    EXPECT_STATUS(client.read_answer(), "100");
    client.send(body);
    EXPECT_STATUS(client.read_answer(), "200");
}

TEST_F(ServerTest, AnswersAPipelineInOrderAndEndsALongOne) {
    ServerLimits limits;
    limits.pipelined_requests = 5;
    start(limits);
    std::string requests;
    for (int i = 0; i < 20; ++i)
        requests += i == 1 ? "GET /version HTTP/1.1\r\nHost: x\r\n\r\n" : std::string(kGetHealth);
    const auto answers = exchange(requests);
    EXPECT_LT(answers.find("alive"), answers.find("\"version\""));
    EXPECT_EQ(count(answers, "HTTP/1.1 200"), 6u);
    EXPECT_EQ(count(answers, "Connection: close"), 1u);
}

TEST_F(ServerTest, RefusesAHeadThatDoesNotArrive) {
    ServerLimits limits;
    limits.first_byte = std::chrono::milliseconds(40);
    limits.whole_head = std::chrono::milliseconds(80);
    start(limits);
    RawClient silent(path_), slow(path_);
    slow.send("GET /healthz HT");
    EXPECT_EQ(silent.read_all(), "");
    EXPECT_STATUS(slow.read_all(), "408");
}

TEST_F(ServerTest, RefusesABodyThatDoesNotArrive) {
    ServerLimits limits;
    limits.body_idle = std::chrono::milliseconds(60);
    start(limits);
    const auto body = form("b", {{"program", "#!"}});
    const auto request = post("/v1/run", body);
    const auto answer = exchange(request.substr(0, request.size() - 5));
    EXPECT_STATUS(answer, "408");
    EXPECT_TRUE(service_.requests().empty());
}

TEST_F(ServerTest, RefusesABodyThatTricklesBeyondItsDeadline) {
    ServerLimits limits;
    limits.whole_body = std::chrono::milliseconds(100);
    start(limits);
    RawClient client(path_);
    client.send("POST /v1/run HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
    while (!client.has_answer(std::chrono::milliseconds(5))) client.send("x");
    const auto answer = client.read_answer();
    EXPECT_STATUS(answer, "408");
}

TEST_F(ServerTest, EndsAConnectionWhoseClientNeverReads) {
    ServerLimits limits;
    limits.write = std::chrono::milliseconds(80);
    start(limits);
    service_.answer_ = [](const RunRequest&) {
        RunReport report;
        report.output.assign(4 << 20, 'x');
        return report;
    };
    RawClient client(path_);
    client.send(post("/v1/run", form("b", {{"program", "#!"}})));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (service_.requests().empty() || server_->connections() > 0) {
        ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "still open";
        std::this_thread::yield();
    }
}

TEST_F(ServerTest, AnswersOthersWhileSlowClientsHoldConnections) {
    ServerLimits limits;
    limits.connections = 40;
    limits.connections_per_uid = 40;
    start(limits);
    std::vector<std::unique_ptr<RawClient>> slow;
    for (int i = 0; i < 39; ++i) {
        slow.push_back(std::make_unique<RawClient>(path_));
        slow.back()->send("GET /he");
    }
    RawClient good(path_);
    good.send(kGetHealth);
    EXPECT_STATUS(good.read_answer(), "200");
    EXPECT_STATUS(RawClient(path_).read_all(), "503");
}

TEST_F(ServerTest, LimitsTheConnectionsOfOneUser) {
    ServerLimits limits;
    limits.connections_per_uid = 3;
    start(limits);
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 3; ++i) {
        clients.push_back(std::make_unique<RawClient>(path_));
        clients.back()->send(kGetHealth);
        EXPECT_STATUS(clients.back()->read_answer(), "200");
    }
    EXPECT_STATUS(RawClient(path_).read_all(), "503");
    clients.pop_back();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (server_->connections() > 2 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    RawClient again(path_);
    again.send(kGetHealth);
    EXPECT_STATUS(again.read_answer(), "200");
}

TEST_F(ServerTest, HoldsOnlySoManyBytesOfBodies) {
    ServerLimits limits;
    limits.buffered_bodies = kibibytes(64);
    start(limits);
    EXPECT_STATUS(exchange(post("/v1/run", std::string(200'000, 'x'))), "503");
    RawClient good(path_);  // the refused bytes are no longer counted
    good.send(post("/v1/run", form("b", {{"program", "#!"}})));
    EXPECT_STATUS(good.read_answer(), "200");
}

TEST_F(ServerTest, RefusesABodyAboveTheLimitWithoutReadingIt) {
    start();
    EXPECT_STATUS(exchange("POST /v1/run HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n"), "413");
    EXPECT_STATUS(exchange("GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"), "413");
    EXPECT_STATUS(exchange("POST /v1/run HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFF\r\n"), "413");
}

TEST_F(ServerTest, FinishesTheAnswersItOwesBeforeItEnds) {
    start();
    std::promise<std::function<void(Result<RunReport>)>> held;
    service_.hold_ = [&](auto done) { held.set_value(std::move(done)); };
    RawClient idle(path_), busy(path_);
    idle.send(kGetHealth);
    EXPECT_STATUS(idle.read_answer(), "200");
    busy.send(post("/v1/run", form("b", {{"program", "#!"}})));
    auto done = held.get_future().get();
    server_->stop_accepting();
    EXPECT_EQ(idle.read_all(), "");
    std::thread later([&] { done(service_.answer_({})); });
    EXPECT_TRUE(server_->finish(Millis(5'000)));
    later.join();
    const auto answer = busy.read_all();
    EXPECT_STATUS(answer, "200");
    EXPECT_HAS(answer, "Connection: close");
}

TEST_F(ServerTest, TellsPathsItDoesNotKnowAndMethodsItDoesNotTake) {
    start();
    RawClient client(path_);
    client.send("GET /v1/nope HTTP/1.1\r\nHost: x\r\n\r\n");
    auto answer = client.read_answer();
    EXPECT_STATUS(answer, "404");
    EXPECT_HAS(answer, R"("ErrorCode":"NotFound")");
    client.send("GET /v1/run HTTP/1.1\r\nHost: x\r\n\r\n");
    answer = client.read_answer();
    EXPECT_STATUS(answer, "405");
    EXPECT_HAS(answer, "Allow: POST\r\n");
}

}  // namespace

}  // namespace hotcell::api
