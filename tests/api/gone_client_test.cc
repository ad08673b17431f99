// Calls and runs whose client has closed its connection: they end in the engine, and no other call does.
#include <sys/socket.h>

#include <future>

#include "engine/linux/sockets/tcp_listener.h"
#include "tests/api/server_fixture.h"

namespace hotcell::api {

namespace {

const std::string kCall = "/2016-08-15/services/s/functions/f/invocations";

class GoneClient : public ServerTest {
protected:
    void SetUp() override {
        calls_.holds_ = [](const InvokeRequest& request) { return request.event == "slow"; };
        put_http_function(catalog_, {.methods = {"POST"}});
        start();
    }
    using Numbers = std::vector<std::uint64_t>;
};

TEST_F(GoneClient, EndsItsCall) {
    for (const std::string& path : {kCall, std::string("/2016-08-15/proxy/s/f/")}) {
        const std::size_t before = calls_.cancelled().size();
        RawClient stays(path_);
        stays.send(request("POST", kCall, "slow"));
        ASSERT_TRUE(calls_.wait_for_calls(3 * before + 1));
        {
            RawClient goes(path_);
            goes.send(request("POST", path, "slow"));
            ASSERT_TRUE(calls_.wait_for_calls(3 * before + 2));
        }
        ASSERT_TRUE(calls_.wait_for_cancelled(before + 1)) << path;
        EXPECT_EQ(calls_.cancelled().back(), 3 * before + 2) << path;
        calls_.release(3 * before + 1);
        EXPECT_TRUE(stays.read_answer().starts_with("HTTP/1.1 200")) << path;
        stays.send(request("POST", kCall, "quick"));
        EXPECT_TRUE(stays.read_answer().ends_with("quick"));
        EXPECT_EQ(calls_.cancelled().size(), before + 1) << path;
    }
}

TEST_F(GoneClient, IsNotOneThatOnlyHasNothingMoreToSend) {
    RawClient client(path_);
    client.send(request("POST", kCall, "slow"));
    client.end_sending();
    ASSERT_TRUE(calls_.wait_for_calls(1));
    {
        RawClient goes(path_);
        goes.send(request("POST", kCall, "slow"));
        ASSERT_TRUE(calls_.wait_for_calls(2));
    }
    ASSERT_TRUE(calls_.wait_for_cancelled(1));  // by now the other would have been seen
    calls_.release(1);
    EXPECT_TRUE(client.read_answer().starts_with("HTTP/1.1 200"));
    EXPECT_EQ(calls_.cancelled(), Numbers{2});
}

TEST_F(GoneClient, EndsNoCallThatWasAnsweredAtOnceBefore) {
    {
        RawClient client(path_);
        client.send(request("POST", kCall, "quick"));
        EXPECT_TRUE(client.read_answer().ends_with("quick"));
        client.send(request("POST", kCall, "slow"));
        ASSERT_TRUE(calls_.wait_for_calls(2));
    }
    ASSERT_TRUE(calls_.wait_for_cancelled(1));
    EXPECT_EQ(calls_.cancelled(), Numbers{2});
}

TEST_F(GoneClient, IsSeenOverTcp) {
    auto listener = linux::listen_at_tcp("127.0.0.1:0");
    ASSERT_TRUE(listener) << listener.error().message();
    Server server(loop_.loop(), router_, {});
    const Access access{.token = "a-token-of-letters", .hosts = listener->hosts};
    ASSERT_TRUE(server.listen_on(std::move(listener->fd), access));
    server.start();
    {
        RawClient client(listener->port);
        client.send("POST " + kCall + " HTTP/1.1\r\nHost: " + listener->shown +
                    "\r\nAuthorization: Bearer a-token-of-letters\r\nContent-Length: 4\r\n\r\nslow");
        ASSERT_TRUE(calls_.wait_for_calls(1));
    }
    ASSERT_TRUE(calls_.wait_for_cancelled(1));
    EXPECT_EQ(calls_.cancelled(), Numbers{1});
}

using Done = std::function<void(Result<RunReport>)>;

TEST_F(GoneClient, EndsItsRun) {
    std::uint64_t number = 0;
    for (const std::size_t size : {std::size_t{10}, std::size_t{1} << 20}) {  // a large form is read on another thread
        std::promise<Done> held;
        service_.hold_ = [&](Done done) { held.set_value(std::move(done)); };
        Done done;
        {
            RawClient goes(path_);
            goes.send(post("/v1/run", form("b", {{"program", std::string(size, 'x')}})));
            done = held.get_future().get();
        }
        EXPECT_EQ(service_.wait_for_cancelled(++number).size(), number) << size;
        EXPECT_EQ(service_.wait_for_cancelled(number).back(), number) << size;
        done(RunReport{});
    }
    service_.hold_ = {};
    RawClient stays(path_);
    stays.send(post("/v1/run", form("b", {{"program", "x"}})));
    EXPECT_TRUE(stays.read_answer().starts_with("HTTP/1.1 200"));
    EXPECT_EQ(service_.wait_for_cancelled(0), (Numbers{1, 2}));
}

TEST_F(GoneClient, EndsARunThatBeginsAfterIt) {
    std::promise<Done> held;
    std::promise<void> seen;
    service_.hold_ = [&](Done done) {
        held.set_value(std::move(done));
        seen.get_future().wait();
    };
    Done done;
    {
        RawClient goes(path_);
        goes.send(post("/v1/run", form("b", {{"program", std::string(1 << 20, 'x')}})));
        done = held.get_future().get();
    }
    {
        RawClient goes(path_);
        goes.send(request("POST", kCall, "slow"));
        ASSERT_TRUE(calls_.wait_for_calls(1));
    }
    ASSERT_TRUE(calls_.wait_for_cancelled(1));  // by now the other has been seen
    EXPECT_EQ(service_.wait_for_cancelled(0), Numbers{});
    seen.set_value();
    EXPECT_EQ(service_.wait_for_cancelled(1), Numbers{1});
    done(RunReport{});
}

TEST_F(GoneClient, IsStatus499) {  // which somebody only sees where something else has ended the call
    RawClient client(path_);
    client.send(request("POST", kCall, "slow"));
    ASSERT_TRUE(calls_.wait_for_calls(1));
    calls_.cancel(1);
    const auto answer = client.read_answer();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 499 ")) << answer;
    EXPECT_NE(answer.find(R"("ErrorCode":"ClientClosedRequest","ErrorMessage":"Invocation canceled by client")"),
              std::string::npos)
        << answer;
}

}  // namespace

}  // namespace hotcell::api
