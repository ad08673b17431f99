// GET /v1/logs: what is asked of the engine, what is refused, and how lines are written.
#include "tests/api/server_fixture.h"

#define EXPECT_HAS(text, words) EXPECT_NE((text).find(words), std::string::npos) << (text)

namespace hotcell::api {

namespace {

class LogRoutes : public ServerTest {
protected:
    void SetUp() override { start(); }
    std::string ask(const std::string& query) {
        return exchange("GET /v1/logs" + query + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    }
};

TEST_F(LogRoutes, AskForWhatTheQuerySays) {
    EXPECT_TRUE(ask("?service=img&function=resize&version=3&requestId=r-1&instanceId=c-1&match=a%20b"
                    "&since=1000&until=2000&after=7&limit=5&wait=20s")
                    .starts_with("HTTP/1.1 200"));
    EXPECT_TRUE(ask("").starts_with("HTTP/1.1 200"));
    const auto asked = calls_.log_requests();
    ASSERT_EQ(asked.size(), 2u);
    const LogQuery& query = asked[0].first;
    EXPECT_EQ(query.service, "img");
    EXPECT_EQ(query.function, "resize");
    EXPECT_EQ(query.version, "3");
    EXPECT_EQ(query.request_id, "r-1");
    EXPECT_EQ(query.instance_id, "c-1");
    EXPECT_EQ(query.match, "a b");
    EXPECT_EQ(query.since_ms, 1000);
    EXPECT_EQ(query.until_ms, 2000);
    EXPECT_EQ(query.after, 7u);
    EXPECT_EQ(query.limit, 5u);
    EXPECT_EQ(asked[0].second, Millis(20'000));
    EXPECT_EQ(asked[1].first.service, "");
    EXPECT_EQ(asked[1].first.limit, 1000u);
    EXPECT_EQ(asked[1].second, Millis(0));
}

TEST_F(LogRoutes, WriteLinesWithAllThatIsKnownOfThem) {
    calls_.log_ = [](const LogQuery&) {
        LogPage page;
        page.lines = {
            {41, 1'478'073'600'123, "img", "resize", "3", "r-1", "c-1", LogStream::Err, true, "say \"no\"\x1b"}};
        page.last = 42;
        page.lost = 7;
        return page;
    };
    EXPECT_HAS(
        ask(""),
        R"({"lines":[{"number":41,"time":"2016-11-02T08:00:00.123Z","serviceName":"img","functionName":"resize",)"
        R"("version":"3","requestId":"r-1","instanceId":"c-1","stream":"stderr","truncated":true,)"
        R"("message":"say \"no\"\u001b"}],"last":42,"lost":7})");
}

TEST_F(LogRoutes, RefuseWhatIsOutOfRule) {
    for (const auto& [query, words] : {std::pair{"?function=f", "query: function needs service beside it"},
                                       {"?servise=a", "the field \\\"servise"},
                                       {"?service=..%2f", "service"},
                                       {"?service=a&service=b", "service"},
                                       {"?requestId=", "requestId: must be"},
                                       {"?requestId=a%00", "requestId: must be"},
                                       {"?since=yesterday", "since: "},
                                       {"?since=-1", "since: "},
                                       {"?limit=0", "limit: "},
                                       {"?limit=10001", "limit: "},
                                       {"?after=99999999999999999999", "after: "},
                                       {"?wait=61s", "wait: "},
                                       {"?match=%zz", "%"}}) {
        const auto answer = ask(query);
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 400")) << query << "\n" << answer;
        EXPECT_HAS(answer, words);
    }
    EXPECT_TRUE(calls_.log_requests().empty());
}

}  // namespace

}  // namespace hotcell::api
