// hotcell invoke --async and hotcell async, against a real server over a service in memory.
#include "tests/api/command_line.h"

#define EXPECT_HAS(text, words) EXPECT_NE((text).find(words), std::string::npos) << (text)

namespace hotcell::api {

namespace {

class AsyncCommandLine : public CommandLineTest {
protected:
    void SetUp() override { start(); }
};

TEST_F(AsyncCommandLine, EnqueuesAndPrintsTheId) {
    const auto named = hotcell("invoke img/resize@prod -e hello --async --id job-1 --delay 5");
    EXPECT_EQ(named.status, 0) << named.err;
    EXPECT_EQ(named.out, "job-1\n");
    const AsyncRequest seen = calls_.asynchronous().back();
    EXPECT_EQ(seen.call.event, "hello");
    EXPECT_EQ(seen.call.qualifier, "prod");
    EXPECT_TRUE(seen.stateful);
    EXPECT_EQ(seen.delay_s, 5u);
    const auto plain = hotcell("invoke img/resize --async");
    EXPECT_EQ(plain.out, calls_.asynchronous().back().call.request_id + "\n");
    EXPECT_FALSE(calls_.asynchronous().back().stateful);
    EXPECT_EQ(hotcell("invoke img/resize --async --log").status, 2);
    EXPECT_EQ(hotcell("invoke img/resize --id job").status, 2);
}

TEST_F(AsyncCommandLine, ListsShowsAndStops) {
    hotcell("invoke img/resize -e hello --async --id job-1");
    const auto list = hotcell("async ls img/resize --status Running --limit 5");
    EXPECT_EQ(list.status, 0) << list.err;
    EXPECT_TRUE(list.out.starts_with("INVOCATION  STATUS   STARTED")) << list.out;
    EXPECT_HAS(list.out, "job-1       Running  1000");
    EXPECT_EQ(calls_.list_.status, "Running");
    EXPECT_EQ(calls_.list_.limit, 5u);
    const auto one = hotcell("async get img/resize job-1");
    EXPECT_HAS(one.out, "invocationPayload       hello");
    EXPECT_HAS(one.out, "2      Running   1000");
    EXPECT_HAS(hotcell("async get img/resize job-1 -o json").out, R"("status":"Running")");
    const auto stopped = hotcell("async stop img/resize job-1");
    EXPECT_EQ(stopped.out, "stopping job-1\n");
    EXPECT_NE(hotcell("async stop img/resize job-1").status, 0);
    const auto missing = hotcell("async get img/resize job-2");
    EXPECT_NE(missing.status, 0);
    EXPECT_HAS(missing.err, "error: it does not exist");
}

}  // namespace

}  // namespace hotcell::api
