// The routes of asynchronous calls: statuses, headers and documents, over a service in memory.
#include "tests/api/server_fixture.h"

#define EXPECT_HAS(answer, words) EXPECT_NE((answer).find(words), std::string::npos) << (answer)
#define EXPECT_STATUS(answer, status) EXPECT_TRUE((answer).starts_with("HTTP/1.1 " status)) << (answer)

namespace hotcell::api {

namespace {

class AsyncRoutes : public ServerTest {
protected:
    void SetUp() override {
        start();
        client_ = std::make_unique<RawClient>(path_);
    }
    void TearDown() override {
        client_.reset();
        ServerTest::TearDown();
    }
    std::string ask(const std::string& method, const std::string& target, const std::string& body = "",
                    const std::string& more = "") {
        client_->send(request(method, target, body, more));
        return client_->read_answer();
    }
    std::string enqueue(const std::string& more = "", const std::string& tree = "/2016-08-15") {
        return ask("POST", tree + "/services/img.prod/functions/resize/invocations", "event",
                   "X-Fc-Invocation-Type: Async\r\n" + more);
    }

    std::unique_ptr<RawClient> client_;
};

TEST_F(AsyncRoutes, AcceptsAnEventWith202AndNoBody) {
    for (const std::string tree : {"/2016-08-15", "/2021-04-06"}) {
        const auto answer = enqueue("", tree);
        EXPECT_STATUS(answer, "202");
        EXPECT_HAS(answer, "Content-Length: 0");
        EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
        const AsyncRequest seen = calls_.asynchronous().back();
        EXPECT_HAS(answer, "X-Fc-Request-Id: " + seen.call.request_id);
        EXPECT_EQ(seen.call.service + seen.call.qualifier + seen.call.function + seen.call.event, "imgprodresizeevent");
        EXPECT_FALSE(seen.stateful);
        EXPECT_EQ(seen.delay_s, 0u);
    }
}

TEST_F(AsyncRoutes, AcceptsTheRequestOfAnHttpFunction) {
    put_http_function(catalog_, {.methods = {"PUT"}});
    const std::string path = "/2016-08-15/proxy/s/f/a/b?x=1";
    const std::string async = "X-Fc-Invocation-Type: Async\r\n";
    const auto answer = ask("PUT", path, "body", async + "X-One: 1\r\nX-Fc-Async-Delay: 7\r\n");
    EXPECT_STATUS(answer, "202");
    const AsyncRequest seen = calls_.asynchronous().back();
    EXPECT_HAS(answer, "X-Fc-Stateful-Async-Invocation-Id: ");
    EXPECT_EQ(seen.call.service + seen.call.function + seen.call.event, "sfbody");
    ASSERT_TRUE(seen.call.http);
    EXPECT_EQ(seen.call.http->method + seen.call.http->path, "PUT/a/b");
    EXPECT_EQ(seen.call.http->headers.at("x-one"), std::vector<std::string>{"1"});
    EXPECT_FALSE(seen.call.stream) << "nobody waits for the answer";
    EXPECT_EQ(seen.delay_s, 7u);
    const auto refused = ask("PUT", path, "body", async + "X-Fc-Log-Type: Tail\r\n");
    EXPECT_STATUS(refused, "400");
    EXPECT_HAS(refused, "X-Fc-Error-Type: FcCommonError");
    EXPECT_STATUS(ask("GET", path, "", async), "403");
}

TEST_F(AsyncRoutes, PassesOnItsNameAndDelay) {
    const std::string named =
        "X-Fc-Stateful-Async-Invocation-Id: job-1\r\nX-Fc-Stateful-Async-Invocation-Enable: true\r\n";
    const auto answer = enqueue(named + "X-Fc-Async-Delay: 3600\r\n");
    EXPECT_STATUS(answer, "202");
    EXPECT_HAS(answer, "X-Fc-Stateful-Async-Invocation-Id: job-1");
    const AsyncRequest seen = calls_.asynchronous().back();
    EXPECT_TRUE(seen.stateful);
    EXPECT_EQ(seen.invocation_id, "job-1");
    EXPECT_EQ(seen.delay_s, 3600u);
    const auto again = enqueue(named);
    EXPECT_STATUS(again, "409");
    EXPECT_HAS(again, R"("ErrorCode":"StatefulAsyncInvocationAlreadyExists")");
}

TEST_F(AsyncRoutes, RefusesHeadersThatAreNotWithinTheRules) {
    const auto tail = enqueue("X-Fc-Log-Type: Tail\r\n");
    EXPECT_STATUS(tail, "400");
    EXPECT_HAS(tail, "LogType is set to an invalid value (allowed: None, actual: 'Tail')");
    for (const char* wrong : {"X-Fc-Async-Delay: 3601", "X-Fc-Async-Delay: -1", "X-Fc-Async-Delay: soon",
                              "X-Fc-Stateful-Async-Invocation-Enable: yes"})
        EXPECT_STATUS(enqueue(std::string(wrong) + "\r\n"), "400");
    EXPECT_TRUE(calls_.asynchronous().empty());
}

TEST_F(AsyncRoutes, ShowsListsAndStopsACall) {
    enqueue("X-Fc-Stateful-Async-Invocation-Id: job-1\r\n");
    const std::string calls = "/services/img.prod/functions/resize/stateful-async-invocations";
    for (const std::string tree : {"/2016-08-15", "/2021-04-06"}) {
        const auto one = ask("GET", tree + calls + "/job-1");
        EXPECT_STATUS(one, "200");
        for (const char* member :
             {R"("invocationId":"job-1")", R"("status":"Running")", R"("startedTime":1000)",
              R"("alreadyRetriedTimes":0)", R"("invocationPayload":"event")", R"("serviceName":"img")",
              R"("events":[{"eventId":1,"status":"Enqueued","timestamp":999,"eventDetail":""},)"})
            EXPECT_HAS(one, member);
        EXPECT_HAS(ask("GET", tree + calls), R"({"invocations":[{"functionName":"resize")");
    }
    EXPECT_STATUS(ask("GET", "/2016-08-15" + calls + "/job-2"), "404");
    EXPECT_STATUS(ask("PUT", "/2016-08-15" + calls + "/job-1"), "204");
    EXPECT_HAS(ask("GET", "/2016-08-15" + calls + "/job-1"), R"("status":"Stopped")");
    const auto again = ask("PUT", "/2016-08-15" + calls + "/job-1");
    EXPECT_STATUS(again, "400");
    EXPECT_HAS(again, R"("ErrorCode":"InvalidArgument")");
}

TEST_F(AsyncRoutes, ReadsWhatAListIsAskedFor) {
    const std::string calls = "/2016-08-15/services/img/functions/resize/stateful-async-invocations";
    EXPECT_STATUS(ask("GET", calls + "?limit=7&nextToken=12&status=Failed&startedTimeBegin=1&startedTimeEnd=2&"
                                     "sortOrderByTime=asc&invocationIdPrefix=job&includePayload=true"),
                  "200");
    EXPECT_EQ(calls_.list_.limit, 7u);
    EXPECT_EQ(calls_.list_.next_token, "12");
    EXPECT_EQ(calls_.list_.status, "Failed");
    EXPECT_EQ(calls_.list_.started_from_ms, 1);
    EXPECT_EQ(calls_.list_.started_to_ms, 2);
    EXPECT_TRUE(calls_.list_.ascending);
    EXPECT_EQ(calls_.list_.id_prefix, "job");
    EXPECT_TRUE(calls_.list_.with_payload);
    for (const char* wrong : {"limit=0", "limit=101", "status=Done", "startedTimeBegin=-1", "startedTimeEnd=x",
                              "sortOrderByTime=up", "includePayload=1"})
        EXPECT_STATUS(ask("GET", calls + "?" + wrong), "400");
    EXPECT_STATUS(ask("GET", calls + "?invocationIdPrefix=" + std::string(129, 'x')), "400");
}

}  // namespace

}  // namespace hotcell::api
