// F05 and F13: clients that are slow on purpose, and what may become of a connection.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "engine/linux/sockets/tcp_listener.h"
#include "tests/api/server_fixture.h"

namespace hotcell::api {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

const std::string kHealth = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
const std::string kVersion = "GET /version HTTP/1.1\r\nHost: x\r\n\r\n";
const std::string kCall = "/2016-08-15/services/s/functions/f/invocations";

std::size_t open_descriptors() {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}
/// Of this process, which the server is a part of.
std::size_t resident_kibibytes() {
    std::size_t size = 0, resident = 0;
    std::ifstream("/proc/self/statm") >> size >> resident;
    return resident * 4;
}
std::size_t count(const std::string& text, const std::string& what) {
    std::size_t times = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++times;
    return times;
}

class ConnectionLife : public ServerTest {
protected:
    bool connections_fall_to(std::size_t most) {
        const auto until = Clock::now() + std::chrono::seconds(20);
        while (server_->connections() > most && Clock::now() < until) ::poll(nullptr, 0, 2);
        return server_->connections() <= most;
    }
};

// ---- slow clients: F05 ----------------------------------------------------------------------------------------------

/// Many at a time: heads and bodies that come a byte at a time, answers that nobody reads.
class SlowClients : public ConnectionLife {
protected:
    static constexpr std::uint32_t kMost = 1024;

    void SetUp() override {
        rlimit files{};
        ::getrlimit(RLIMIT_NOFILE, &files);
        files.rlim_cur = std::min<rlim_t>(files.rlim_max, 8192);
        ::setrlimit(RLIMIT_NOFILE, &files);
        ASSERT_GE(files.rlim_cur, 4096u) << "of two ends of each connection";
    }
    static ServerLimits limits() {
        ServerLimits limits;
        limits.connections = limits.connections_per_uid = kMost;
        return limits;
    }
    void add(int how_many) {
        for (int i = 0; i < how_many; ++i) {
            slow_.push_back(std::make_unique<RawClient>(path_));
            RawClient& client = *slow_.back();
            if (i % 9 == 0)
                client.send(request("POST", kCall, "large"));
            else if (i % 2 == 0)
                client.send("GET /healthz HTTP/1.1\r\nX: ");
            else
                client.send("POST " + kCall + " HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
        }
    }
    void drip() {
        for (auto& client : slow_) client->send("x");
    }
    /// Of good requests, each on a connection of its own kept open.
    milliseconds slowest_of_hundred(RawClient& good) {
        std::vector<Clock::duration> times;
        for (int i = 0; i < 400; ++i) {
            if (!slow_.empty()) slow_[static_cast<std::size_t>(i) % slow_.size()]->send("x");
            const auto before = Clock::now();
            good.send(kHealth);
            EXPECT_TRUE(good.read_answer().starts_with("HTTP/1.1 200"));
            times.push_back(Clock::now() - before);
        }
        std::ranges::sort(times);
        return std::chrono::duration_cast<milliseconds>(times[times.size() * 99 / 100]);
    }

    std::vector<std::unique_ptr<RawClient>> slow_;
};

TEST_F(SlowClients, DelayNobodyAndTakeNoMoreThanTheirShare) {
    calls_.answer_ = [](const InvokeRequest&) {
        InvokeReport report;
        report.payload.assign(300 << 10, 'x');  // more than a socket takes
        return report;
    };
    start(limits());
    RawClient good(path_);
    const auto alone = slowest_of_hundred(good);
    const std::size_t files = open_descriptors();
    add(2'000);
    EXPECT_LE(server_->connections(), kMost);
    EXPECT_LE(open_descriptors(), files + 2'000 + kMost);
    EXPECT_LE(slowest_of_hundred(good), 2 * alone + milliseconds(10));
    EXPECT_TRUE(RawClient(path_).read_all().starts_with("HTTP/1.1 503"))
        << "they hold all places: no deadline has passed";
    slow_.clear();
    EXPECT_TRUE(connections_fall_to(1));
    good.send(kHealth);
    EXPECT_TRUE(good.read_answer().starts_with("HTTP/1.1 200"));
}

TEST_F(SlowClients, GiveTheirPlaceUpAtTheirDeadlines) {
    auto short_limits = limits();
    short_limits.connections = short_limits.connections_per_uid = 300;
    short_limits.whole_head = short_limits.whole_body = milliseconds(400);
    short_limits.first_byte = short_limits.body_idle = milliseconds(400);
    short_limits.write = milliseconds(400);
    calls_.answer_ = [](const InvokeRequest&) {
        InvokeReport report;
        report.payload.assign(300 << 10, 'x');
        return report;
    };
    start(short_limits);
    add(300);
    EXPECT_TRUE(RawClient(path_).read_all().starts_with("HTTP/1.1 503")) << "there is no place";
    const auto until = Clock::now() + std::chrono::seconds(20);
    while (server_->connections() > 0 && Clock::now() < until) {
        drip();  // bytes alone gain no time
        ::poll(nullptr, 0, 20);
    }
    EXPECT_EQ(server_->connections(), 0u);
    RawClient good(path_);
    good.send(kHealth);
    EXPECT_TRUE(good.read_answer().starts_with("HTTP/1.1 200"));
}

// ---- the life of a connection: F13 --------------------------------------------------------------------------------------

/// Each ends its connections one way or another.
struct Ways {
    std::string path;
    std::uint16_t port = 0;
    std::string shown;
    std::string call(const std::string& body, const std::string& more = "") const {
        return "POST " + kCall + " HTTP/1.1\r\nHost: " + shown + "\r\nAuthorization: Bearer a-token-of-letters\r\n" +
               more + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    }

    void pipeline() const {
        RawClient client(path);
        std::string requests;
        for (int i = 0; i < 1'000; ++i) requests += i % 2 == 0 ? kHealth : kVersion;
        client.send(requests);
        client.end_sending();
        const auto answers = client.read_all();
        // as many as a server answers in a row, and the first; none out of order, none cut
        EXPECT_EQ(count(answers, "HTTP/1.1 200"), 101u);
        EXPECT_EQ(count(answers, "Connection: close"), 1u);
        std::size_t at = 0;
        for (int i = 0; i < 101 && at != std::string::npos; ++i)
            at = answers.find(i % 2 == 0 ? "\"alive\"" : "\"version\"", at == 0 ? 0 : at + 1);
        EXPECT_NE(at, std::string::npos);
    }
    void half_close() const {
        RawClient client(path);
        client.send(kHealth);
        client.end_sending();
        const auto answer = client.read_all();
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 200")) << answer;
        EXPECT_EQ(count(answer, "HTTP/1.1"), 1u);
        RawClient early(path);
        early.send("GET /healthz HT");
        early.end_sending();
        EXPECT_EQ(count(early.read_all(), "200"), 0u);
    }
    void reset() const {
        RawClient in_head(port), in_body(port), in_answer(port);
        in_head.send("GET /hea");
        in_head.reset();
        const auto whole = call(std::string(10'000, 'b'));
        in_body.send(whole.substr(0, 5'000));
        in_body.reset();
        in_answer.send(whole);
        in_answer.reset();
    }
    void expect() const {
        RawClient client(path);
        client.send(
            call("12345", "Expect: 100-continue\r\n").substr(0, call("12345", "Expect: 100-continue\r\n").size() - 5));
        EXPECT_TRUE(client.read_answer().starts_with("HTTP/1.1 100"));
        client.send("12345");
        EXPECT_TRUE(client.read_answer().ends_with("12345"));
        RawClient leaves(path);
        leaves.send("POST " + kCall + " HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
        EXPECT_TRUE(leaves.read_answer().starts_with("HTTP/1.1 100"));
    }
    void go_on_after_an_error() const {
        RawClient client(path);
        client.send("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n");
        EXPECT_TRUE(client.read_answer().starts_with("HTTP/1.1 404"));
        client.send("DELETE /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
        EXPECT_TRUE(client.read_answer().starts_with("HTTP/1.1 405"));
        client.send(call("after"));
        EXPECT_TRUE(client.read_answer().ends_with("after"));
        client.send("GET /healthz HTTP/1.1\r\nHost x\r\n\r\n" + kHealth);
        const auto last = client.read_all();
        EXPECT_TRUE(last.starts_with("HTTP/1.1 400")) << last;
        EXPECT_EQ(count(last, "HTTP/1.1 "), 1u) << "what follows is not read as a request";
    }
    void all() const {
        pipeline();
        half_close();
        reset();
        expect();
        go_on_after_an_error();
    }
};

TEST_F(ConnectionLife, EndsCleanlyAndLeavesNothing) {
    start();
    auto listener = linux::listen_at_tcp("127.0.0.1:0");
    ASSERT_TRUE(listener) << listener.error().message();
    Server tcp(loop_.loop(), router_, {});
    ASSERT_TRUE(
        tcp.listen_on(std::move(listener->fd), Access{.token = "a-token-of-letters", .hosts = listener->hosts}));
    tcp.start();
    const Ways ways{path_, listener->port, listener->shown};
    const auto at_rest = [&] {
        const auto until = Clock::now() + std::chrono::seconds(20);
        while (tcp.connections() > 0 && Clock::now() < until) ::poll(nullptr, 0, 2);
        return connections_fall_to(0) && tcp.connections() == 0;
    };
    for (int i = 0; i < 5; ++i) ways.all();  // from here on the allocator has what it needs
    ASSERT_TRUE(at_rest());
    const std::size_t files = open_descriptors();
    [[maybe_unused]] const std::size_t memory = resident_kibibytes();
    for (int i = 0; i < 60; ++i) ways.all();
    ASSERT_TRUE(at_rest());
    EXPECT_EQ(open_descriptors(), files);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they keep what was freed
    EXPECT_LE(resident_kibibytes(), memory + 8 * 1024);
#endif
}

}  // namespace

}  // namespace hotcell::api
