// hotcell logs and hotcell status SERVICE/FUNCTION, against a real server over a service in memory.
#include "tests/api/command_line.h"

#define EXPECT_HAS(text, words) EXPECT_NE((text).find(words), std::string::npos) << (text)

namespace hotcell::api {

namespace {

constexpr const char* kFigures =
    "# TYPE hotcell_invocations_total counter\n"
    "hotcell_invocations_total{function=\"resize\",outcome=\"Succeeded\",service=\"img\"} 11\n"
    "hotcell_invocations_total{function=\"resize\",outcome=\"UnhandledInvocationError\",service=\"img\"} 2\n"
    "hotcell_invocations_total{function=\"resize\",outcome=\"Succeeded\",service=\"other\"} 100\n"
    "hotcell_invocations_total{function=\"crop\",outcome=\"Succeeded\",service=\"img\"} 1000\n"
    "hotcell_cold_starts_total{function=\"resize\",service=\"img\",start=\"zygote\"} 3\n"
    "hotcell_cold_starts_total{function=\"resize\",service=\"img\",start=\"exec\"} 1\n";

class LogCommandLine : public CommandLineTest {
protected:
    void SetUp() override {
        Service service;
        service.name = "img";
        ASSERT_TRUE(catalog_.create_service(service));
        Function function;
        function.service = "img";
        function.name = "resize";
        function.settings.runtime = "python3";
        function.settings.handler = "index.handler";
        ASSERT_TRUE(catalog_.create_function(function, "zip"));
        calls_.metrics_ = kFigures;
        start();
    }
    static LogLine line(std::uint64_t number, const std::string& text) {
        return {number, 1'478'073'600'123, "img", "resize", "LATEST", "r-1", "c-1", LogStream::Out, false, text};
    }
};

TEST_F(LogCommandLine, PrintsTheLastLines) {
    calls_.log_ = [](const LogQuery&) {
        LogPage page;
        page.lines = {line(1, "first"), line(2, "a\ttab, an \x1b[2J")};
        page.lines[1].request_id.clear();
        page.lines[1].truncated = true;
        page.last = 2;
        return page;
    };
    const auto ended = hotcell("logs img/resize --request-id r-1 --match 'a b' --tail 7");
    EXPECT_EQ(ended.status, 0) << ended.err;
    EXPECT_EQ(ended.out,
              "2016-11-02T08:00:00.123Z r-1 first\n"
              "2016-11-02T08:00:00.123Z - a tab, an ?[2J …\n");
    const auto asked = calls_.log_requests();
    ASSERT_EQ(asked.size(), 1u) << "it does not follow";
    EXPECT_EQ(asked[0].first.service, "img");
    EXPECT_EQ(asked[0].first.function, "resize");
    EXPECT_EQ(asked[0].first.request_id, "r-1");
    EXPECT_EQ(asked[0].first.match, "a b");
    EXPECT_EQ(asked[0].first.limit, 7u);
    EXPECT_EQ(asked[0].second, Millis(0));
    EXPECT_HAS(hotcell("logs img").out, "Z resize r-1 first\n");
    const auto as_json = hotcell("logs img/resize -o json").out;
    EXPECT_TRUE(as_json.starts_with(R"({"number":1,"time":"2016-11-02T08:00:00.123Z")")) << as_json;
    EXPECT_EQ(std::ranges::count(as_json, '\n'), 2);
}

TEST_F(LogCommandLine, FollowsByWaitingForWhatIsNew) {
    calls_.log_ = [](const LogQuery& query) {
        LogPage page;
        page.last = query.after + 10;
        page.lines = {line(page.last, "line " + std::to_string(page.last))};
        return page;
    };
    EXPECT_HAS(hotcell("logs -f img/resize | head -n 3").out, "line 10\n2016-11-02T08:00:00.123Z r-1 line 20\n");
    const auto asked = calls_.log_requests();
    ASSERT_GE(asked.size(), 3u);
    EXPECT_EQ(asked[0].second, Millis(0));
    EXPECT_EQ(asked[1].first.after, 10u);
    EXPECT_EQ(asked[2].first.after, 20u);
    EXPECT_EQ(asked[2].second, Millis(30'000));
}

TEST_F(LogCommandLine, SaysThatThereIsNothing) {
    const auto quiet = hotcell("logs img/resize");
    EXPECT_EQ(quiet.status, 0);
    EXPECT_EQ(quiet.out, "");
    EXPECT_EQ(quiet.err, "no logs of img/resize (13 invocations so far)\n");
    EXPECT_EQ(hotcell("logs img/resize -o json").err, "");
    EXPECT_EQ(hotcell("logs img/nothing").status, 4);
    EXPECT_EQ(hotcell("logs nothing -f").status, 4);
    EXPECT_EQ(hotcell("logs").status, 2);
    EXPECT_EQ(hotcell("logs img/").status, 2);
    EXPECT_EQ(hotcell("logs img/resize --since yesterday").status, 3);
    const auto refused = hotcell("logs img/resize --tail 0 -o json");
    EXPECT_EQ(refused.status, 3);
    EXPECT_TRUE(refused.err.starts_with(R"({"error":{"code":"InvalidArgument","message":"limit: )")) << refused.err;
}

TEST_F(LogCommandLine, ReachesAsFarBackAsItIsTold) {
    const auto now = [] {
        return std::chrono::duration_cast<Millis>(std::chrono::system_clock::now().time_since_epoch()).count();
    };
    const auto before = now();
    EXPECT_EQ(hotcell("logs img/resize --since 10m").status, 0);
    const auto since = calls_.log_requests().at(0).first.since_ms;
    EXPECT_GE(since, before - 600'000);
    EXPECT_LE(since, now() - 600'000);
}

TEST_F(LogCommandLine, ShowsTheStateOfAFunction) {
    for (int i = 0; i < 2; ++i) ASSERT_EQ(hotcell("version publish img").status, 0);
    ASSERT_EQ(hotcell("alias set img/prod --version 1").status, 0);
    ASSERT_EQ(hotcell("alias set img/prod --version 2 --weight 10").status, 0);
    const auto status = hotcell("status img/resize");
    EXPECT_EQ(status.status, 0) << status.err;
    for (const char* row : {"function   img/resize\n", "runtime    python3\n", "handler    index.handler\n",
                            "memory     128 MB\n", "timeout    3 s\n", "aliases    prod -> 1 (2: 10 %)\n",
                            "calls      13, 2 UnhandledInvocationError; 4 cold starts\n", "instances  1\n",
                            "\nINSTANCE  VERSION  STATE  START   CALLS", "\nc-1       LATEST   idle   zygote  7"})
        EXPECT_HAS(status.out, row);
    EXPECT_HAS(status.out, " bytes, checksum ");
    EXPECT_EQ(status.out.find("c-2"), std::string::npos) << "another function's";
    EXPECT_HAS(hotcell("status img/resize@prod").out, "function   img/resize@prod\n");
}

TEST_F(LogCommandLine, ShowsTheStateAsJson) {
    const auto status = hotcell("status img/resize -o json");
    EXPECT_EQ(status.status, 0) << status.err;
    EXPECT_TRUE(status.out.starts_with(R"({"function":{"functionName":"resize")")) << status.out;
    EXPECT_HAS(status.out, R"("versions":[],"aliases":[],"instances":[{"instanceId":"c-1")");
    EXPECT_HAS(status.out, R"("calls":{"total":13,"failed":2,"coldStarts":4,)"
                           R"("byOutcome":{"Succeeded":11,"UnhandledInvocationError":2}})");
    const auto missing = hotcell("status img/nothing");
    EXPECT_EQ(missing.status, 4);
    EXPECT_TRUE(missing.err.starts_with("error: ")) << missing.err;
    EXPECT_HAS(missing.err, "request: ");
    EXPECT_EQ(hotcell("status img").status, 2);
}

}  // namespace

}  // namespace hotcell::api
