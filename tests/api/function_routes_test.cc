// The routes of services, functions and invocations: statuses, headers and documents, over a service in memory.
#include "engine/api/wire/base64.h"
#include "tests/api/server_fixture.h"

#define EXPECT_HAS(answer, words) EXPECT_NE((answer).find(words), std::string::npos) << (answer)
#define EXPECT_LACKS(answer, words) EXPECT_EQ((answer).find(words), std::string::npos) << (answer)
#define EXPECT_STATUS(answer, status) EXPECT_TRUE((answer).starts_with("HTTP/1.1 " status)) << (answer)

namespace hotcell::api {

namespace {

const std::string kServices = "/2016-08-15/services";

class FunctionRoutes : public ServerTest {
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
    void make_function() {
        ask("POST", kServices, R"({"serviceName":"img"})");
        ASSERT_EQ(ask("POST", kServices + "/img/functions",
                      R"({"functionName":"resize","runtime":"python3","handler":"i.h","code":{"zipFile":"UEs="}})")
                      .substr(0, 12),
                  "HTTP/1.1 200");
    }
    static std::string header(const std::string& answer, const std::string& name) {
        const auto at = answer.find("\r\n" + name + ": ");
        if (at == std::string::npos) return "";
        const auto from = at + name.size() + 4;
        return answer.substr(from, answer.find("\r\n", from) - from);
    }

    std::unique_ptr<RawClient> client_;
};

TEST_F(FunctionRoutes, KeepsAService) {
    auto answer =
        ask("POST", kServices,
            R"({"serviceName":"img","description":"pictures","role":"acs:ram::1:role/x","internetAccess":false,
                          "logConfig":{"project":"p","logstore":"l"},"somethingNew":{"a":[1]}})");
    EXPECT_STATUS(answer, "200");
    EXPECT_EQ(header(answer, "ETag"), "e1");
    EXPECT_EQ(header(answer, "X-Fc-Request-Id").size(), 36u);
    for (const char* member :
         {R"("serviceName":"img")", R"("serviceId":"id-of-img")", R"("description":"pictures")",
          R"("role":"acs:ram::1:role/x")", R"("logConfig":{"project":"p","logstore":"l")", R"("internetAccess":false)",
          R"("createdTime":"2016-11-02T08:00:00.000Z")", R"("lastModifiedTime":"2016-11-02T08:00:00.123Z")",
          R"("vpcConfig":)", R"("nasConfig":)"})
        EXPECT_HAS(answer, member);
    EXPECT_STATUS(ask("POST", kServices, R"({"serviceName":"img"})"), "409");
    answer = ask("PUT", kServices + "/img", R"({"description":"more"})");
    EXPECT_STATUS(answer, "200");
    EXPECT_HAS(answer, R"("description":"more","role":"acs:ram::1:role/x")");
    EXPECT_EQ(header(ask("GET", kServices + "/img.LATEST"), "ETag"), "e2");
    EXPECT_STATUS(ask("DELETE", kServices + "/img"), "204");
    answer = ask("GET", kServices + "/img");
    EXPECT_STATUS(answer, "404");
    EXPECT_HAS(answer, R"("ErrorCode":"ServiceNotFound","ErrorMessage":"service 'img' does not exist")");
    EXPECT_HAS(answer, R"("RequestId":")" + header(answer, "X-Fc-Request-Id"));
}

TEST_F(FunctionRoutes, AnswersADeletionWithoutABody) {
    ask("POST", kServices, R"({"serviceName":"img"})");
    const auto answer = ask("DELETE", kServices + "/img");
    EXPECT_LACKS(answer, "Content-Length");
    EXPECT_LACKS(answer, "Content-Type");
    EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(FunctionRoutes, ListsInPages) {
    for (const char* name : {"a1", "a2", "a3", "b1"})
        ask("POST", kServices, R"({"serviceName":")" + std::string(name) + "\"}");
    auto answer = ask("GET", kServices + "?limit=2&prefix=a");
    EXPECT_HAS(answer, R"("serviceName":"a1")");
    EXPECT_LACKS(answer, R"("serviceName":"a3")");
    EXPECT_HAS(answer, R"("nextToken":"a3"})");
    answer = ask("GET", kServices + "?limit=2&prefix=a&nextToken=a3&startKey=a1");
    EXPECT_HAS(answer, R"("serviceName":"a3")");
    EXPECT_LACKS(answer, "nextToken");
    EXPECT_HAS(ask("GET", kServices + "?startKey=b"), R"({"services":[{"serviceName":"b1")");
    EXPECT_HAS(ask("GET", kServices + "/a1/functions"), R"({"functions":[]})");
}

TEST_F(FunctionRoutes, KeepsAFunction) {
    ask("POST", kServices, R"({"serviceName":"img"})");
    const std::string bytes("PK\x03\x04\0\xff", 6);
    auto answer =
        ask("POST", kServices + "/img/functions",
            R"({"functionName":"resize","runtime":"python3","handler":"index.handler","initializer":"index.init",
                          "timeout":10,"initializationTimeout":5,"memorySize":256,"environmentVariables":{"A":"1","Ü":"ö"},
                          "code":{"zipFile":")" +
                base64(bytes) + R"("},"instanceConcurrency":1,"layers":[],"cpu":null,"instanceType":"e1"})",
            "X-Fc-Code-Checksum: 18446744073709551615\r\n");
    EXPECT_STATUS(answer, "200");
    EXPECT_EQ(catalog_.zip(), bytes);
    EXPECT_FALSE(header(answer, "ETag").empty());
    for (const char* member :
         {R"("functionName":"resize")", R"("functionId":"id-of-resize")", R"("runtime":"python3")",
          R"("handler":"index.handler")", R"("initializer":"index.init")", R"("timeout":10)",
          R"("initializationTimeout":5)", R"("memorySize":256)", R"("environmentVariables":{"A":"1","Ü":"ö"})",
          R"("codeSize":6)", R"("codeChecksum":"18446744073709551615")", R"("layers":null)",
          R"("createdTime":"2016-11-02T08:00:00.000Z")"})
        EXPECT_HAS(answer, member);
    answer = ask("PUT", kServices + "/img/functions/resize", R"({"memorySize":128,"environmentVariables":{}})");
    EXPECT_HAS(answer, R"("memorySize":128)");
    EXPECT_HAS(answer, R"("environmentVariables":{})");
    EXPECT_HAS(answer, R"("timeout":10)");
    EXPECT_HAS(answer, R"("codeSize":6)");
    EXPECT_STATUS(ask("DELETE", kServices + "/img"), "409");
    EXPECT_STATUS(ask("DELETE", kServices + "/img.LATEST/functions/resize"), "204");
    answer = ask("GET", kServices + "/img/functions/resize");
    EXPECT_STATUS(answer, "404");
    EXPECT_HAS(answer, R"("ErrorCode":"FunctionNotFound")");
    EXPECT_HAS(ask("GET", kServices + "/other/functions/resize"), R"("ErrorCode":"ServiceNotFound")");
}

TEST_F(FunctionRoutes, TakesWhatHasChangedMeanwhileForAFailedPrecondition) {
    make_function();
    const auto function = kServices + "/img/functions/resize";
    const auto etag = header(ask("GET", function), "ETag");
    EXPECT_STATUS(ask("PUT", function, R"({"timeout":4})", "If-Match: \"" + etag + "\"\r\n"), "200");
    for (const char* method : {"PUT", "DELETE"}) {
        const auto answer =
            ask(method, function, method == std::string("PUT") ? "{}" : "", "if-match: " + etag + "\r\n");
        EXPECT_STATUS(answer, "412");
        EXPECT_HAS(answer, R"("ErrorCode":"PreconditionFailed")");
    }
    EXPECT_STATUS(ask("PUT", kServices + "/img", "{}", "If-Match: old\r\n"), "412");
    EXPECT_STATUS(ask("PUT", function, "{}", "If-Match: *\r\n"), "200");
}

TEST_F(FunctionRoutes, Invokes) {
    make_function();
    const std::string event("\0\xff any bytes", 12);
    auto answer = ask("POST", kServices + "/img.LATEST/functions/resize/invocations", event, "X-Fc-Log-Type: Tail\r\n");
    EXPECT_STATUS(answer, "200");
    EXPECT_TRUE(answer.ends_with("\r\n\r\n" + event));
    EXPECT_EQ(header(answer, "X-Fc-Log-Result"), base64("a line of the log\n"));
    EXPECT_EQ(header(answer, "X-Fc-Invocation-Duration"), "4");
    EXPECT_EQ(header(answer, "X-Fc-Max-Memory-Usage"), "100.26");
    EXPECT_EQ(header(answer, "X-Fc-Invocation-Service-Version"), "LATEST");
    EXPECT_EQ(header(answer, "X-Fc-Code-Checksum"), "42");
    EXPECT_EQ(header(answer, "X-Fc-Instance-Id"), "c-1");
    EXPECT_EQ(header(answer, "Content-Type"), "application/octet-stream");
    EXPECT_EQ(header(answer, "Server-Timing"), "queue;dur=0.012, handler;dur=3.870, total;dur=4.000");
    EXPECT_HAS(header(answer, "Access-Control-Expose-Headers"), "x-fc-error-type");
    EXPECT_LACKS(answer, "X-Fc-Error-Type");
    const auto call = calls_.calls().at(0);
    EXPECT_EQ(call.service, "img");
    EXPECT_EQ(call.function, "resize");
    EXPECT_EQ(call.qualifier, "LATEST");
    EXPECT_EQ(call.event, event);
    EXPECT_EQ(call.request_id, header(answer, "X-Fc-Request-Id"));
    EXPECT_TRUE(call.log_tail);

    answer = ask("POST", kServices + "/img/functions/resize/invocations", "", "x-fc-invocation-type: Sync\r\n");
    EXPECT_STATUS(answer, "200");
    EXPECT_LACKS(answer, "X-Fc-Log-Result");
    EXPECT_FALSE(calls_.calls().at(1).log_tail);
    EXPECT_EQ(calls_.calls().at(1).qualifier, "");
}

TEST_F(FunctionRoutes, AnswersAFailingFunctionWith200) {
    const std::pair<InvokeOutcome, const char*> kOutcomes[] = {
        {InvokeOutcome::HandledError, "HandledInvocationError"},
        {InvokeOutcome::UnhandledError, "UnhandledInvocationError"},
        {InvokeOutcome::InitializationError, "InitializationError"}};
    for (const auto& [outcome, type] : kOutcomes) {
        calls_.answer_ = [outcome = outcome](const InvokeRequest&) {
            InvokeReport report;
            report.outcome = outcome;
            report.payload = R"({"errorMessage":"no"})";
            return report;
        };
        const auto answer = ask("POST", kServices + "/img/functions/resize/invocations");
        EXPECT_STATUS(answer, "200");
        EXPECT_EQ(header(answer, "X-Fc-Error-Type"), type);
        EXPECT_EQ(header(answer, "Content-Type"), "application/json");
        EXPECT_TRUE(answer.ends_with(R"({"errorMessage":"no"})"));
    }
}

TEST_F(FunctionRoutes, LeavesOutAHeaderThatWouldBreakTheAnswerApart) {
    calls_.answer_ = [](const InvokeRequest&) {
        InvokeReport report;
        report.instance_id = "c-1\r\nX-Evil: 1";
        return report;
    };
    const auto answer = ask("POST", kServices + "/img/functions/resize/invocations");
    EXPECT_STATUS(answer, "200");
    EXPECT_LACKS(answer, "X-Evil");
}

TEST_F(FunctionRoutes, TurnsErrorsIntoFcStatuses) {
    const struct {
        Error error;
        const char* status;
        const char* code;
    } kErrors[] = {{{ErrorKind::NotFound, 0, "w", "", "FunctionNotFound"}, "404", "FunctionNotFound"},
                   {{ErrorKind::Exhausted, 0, "w", "", ""}, "429", "ResourceExhausted"},
                   {{ErrorKind::Exhausted, 0, "w", "", "LimitExceededError"}, "400", "LimitExceededError"},
                   {{ErrorKind::Broken, 0, "w", "", ""}, "500", "InternalServerError"},
                   {{ErrorKind::Kernel, 12, "w", "", ""}, "500", "InternalServerError"},
                   {{ErrorKind::InvalidArgument, 0, "w", "", "EntityTooLarge"}, "400", "EntityTooLarge"}};
    for (const auto& [error, status, code] : kErrors) {
        calls_.answer_ = [&error = error](const InvokeRequest&) { return std::unexpected(error); };
        const auto answer = ask("POST", kServices + "/img/functions/resize/invocations");
        EXPECT_EQ(answer.substr(9, 3), status);
        EXPECT_HAS(answer, R"("ErrorCode":")" + std::string(code) + R"(","ErrorMessage":")");
    }
}

TEST_F(FunctionRoutes, TellsOfARecentInvocation) {
    const auto id = header(ask("POST", kServices + "/img/functions/resize/invocations"), "X-Fc-Request-Id");
    const auto answer = ask("GET", "/v1/invocations/" + id);
    EXPECT_STATUS(answer, "200");
    EXPECT_HAS(answer, R"("requestId":")" + id);
    EXPECT_HAS(answer, R"("outcome":"succeeded")");
    EXPECT_HAS(answer, R"("totalMicros":4000.000,"phases":[{"name":"queue","micros":12.000},)");
    EXPECT_STATUS(ask("GET", "/v1/invocations/00000000-0000-4000-8000-000000000000"), "404");
    EXPECT_STATUS(ask("GET", "/v1/invocations/..%2f..%2fetc"), "400");
}

TEST_F(FunctionRoutes, ListsAndEvictsInstances) {
    EXPECT_HAS(ask("GET", "/v1/instances"), R"("instanceId":"c-2")");
    const auto one = ask("GET", "/v1/instances?service=img&function=resize");
    EXPECT_HAS(one, R"({"instances":[{"instanceId":"c-1","serviceName":"img","functionName":"resize")");
    EXPECT_LACKS(one, R"("c-2")");  // as it stands, a request's id may have it
    EXPECT_HAS(ask("POST", "/v1/instances:evict?service=img"), R"({"evicted":2})");
    EXPECT_STATUS(ask("GET", "/v1/instances?function=resize"), "400");
    EXPECT_STATUS(ask("GET", "/v1/instances?colour=red"), "400");
    EXPECT_HAS(
        ask("GET", "/v1/runtimes"),
        R"({"runtimes":[{"name":"python3","serves":["python3","python3.10"],"starts":["zygote","exec"],"root":"host"}]})");
    const auto metrics = ask("GET", "/metrics");
    EXPECT_EQ(header(metrics, "Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_HAS(metrics, "hotcell_invocations_total");
}

TEST_F(FunctionRoutes, DoNotExistWithoutACatalog) {
    const Router router(Services{.run = service_});
    std::string bodies;
    for (const char* path : {"/2016-08-15/services", "/v1/instances", "/metrics"}) {
        EXPECT_FALSE(router.body_rule("GET", path));
        Request request;
        request.method = "GET";
        request.path = path;
        router.handle(request, [&](const Response& response) { bodies += std::to_string(response.status) + " "; });
    }
    EXPECT_EQ(bodies, "400 404 404 ");
}

TEST_F(FunctionRoutes, NameWhatFcDoesNotOfferHere) {
    for (const auto& [method, path] : {std::pair{"GET", "/2016-08-15/custom-domains"},
                                       {"PATCH", "/2016-08-15/services"},
                                       {"GET", "/2016-08-15/services/"},
                                       {"GET", "/2016-08-15/services/img/functions/f/invocations"},
                                       {"GET", "/2016-08-15/services/../../etc/passwd"}}) {
        const auto answer = ask(method, path);
        EXPECT_STATUS(answer, "400");
        EXPECT_HAS(answer, R"("ErrorCode":"PathNotSupported")");
    }
    EXPECT_STATUS(ask("GET", "/v1/instances/x"), "404");
    const auto answer = ask("DELETE", "/v1/runtimes");
    EXPECT_STATUS(answer, "405");
    EXPECT_HAS(answer, "Allow: GET\r\n");
}

}  // namespace

}  // namespace hotcell::api
