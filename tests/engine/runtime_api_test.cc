// Programs that ask for their calls, in real sandboxes without a network: a shell script with curl by Lambda's names, a client
// after FC's Go SDK, a hostile one.
#include <gtest/gtest.h>

#include <cstdlib>
#include <future>
#include <set>
#include <string>
#include <vector>

#include "engine/linux/files/files.h"
#include "hotcell/engine.h"
#include "tests/support/build_paths.h"
#include "tests/support/requires.h"
#include "tests/support/zip_of.h"

namespace hotcell {
namespace {

using test::zip_of;
constexpr unsigned kExecutable = 0100755;

/// As in AWS's tutorial for custom runtimes.
constexpr char kShell[] = R"sh(#!/bin/sh
set -euo
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime
echo "cold in $PWD with $_HANDLER"
while true; do
    headers=$(mktemp)
    event=$(curl -sS -LD "$headers" "$api/invocation/next")
    id=$(grep -Fi Lambda-Runtime-Aws-Request-Id "$headers" | tr -d '[:space:]' | cut -d: -f2)
    case "$event" in
        fail) curl -sS "$api/invocation/$id/error" -H "Lambda-Runtime-Function-Error-Type: Function.Mine" \
                  -d '{"errorMessage":"on purpose","errorType":"Mine"}' >/dev/null;;
        exit*) exit "${event#exit }";;
        hang) exec tail -f /dev/null;;
        twice) curl -sS "$api/invocation/$id/response" -d one >/dev/null
               curl -sS -o /tmp/second -w '%{http_code} ' "$api/invocation/$id/response" -d two >/tmp/code
               second="$(cat /tmp/code)$(cat /tmp/second)";;
        second) curl -sS "$api/invocation/$id/response" -d "$second" >/dev/null;;
        large) head -c 7000000 /dev/zero | curl -sS -o /dev/null "$api/invocation/$id/response" --data-binary @- ;;
        headers) curl -sS "$api/invocation/$id/response" --data-binary @"$headers" >/dev/null;;
        init) curl -sS -o /tmp/late -w '%{http_code}' "$api/init/error" -d '{}' >/tmp/code
              curl -sS "$api/invocation/$id/response" -d "$(cat /tmp/code)" >/dev/null;;
        elsewhere) curl -sS "$api/invocation/$id/response" -d "$(curl -s -o /dev/null -w '%{http_code}' "http://$AWS_LAMBDA_RUNTIME_API/etc/passwd")" >/dev/null;;
        *) curl -sS "$api/invocation/$id/response" -d "got $event" >/dev/null;;
    esac
done
)sh";

/// FC's Go SDK: the next call is asked for before the one before has its answer.
constexpr char kGoStyle[] = R"py(#!/usr/bin/python3
import http.client, json, os, threading, base64, sys
api, base = os.environ["FC_RUNTIME_API"], "/2020-11-11/runtime"
if os.environ.get("FAIL_INIT"):
    c = http.client.HTTPConnection(api)
    c.request("POST", base + "/init/error", json.dumps({"errorMessage": "no database", "errorType": "DbError"}))
    assert c.getresponse().status == 200
    sys.exit(129)
here = 0
lock = threading.Condition()
initialized = []
def post(id, what, body, headers={}):
    c = http.client.HTTPConnection(api)
    c.request("POST", f"{base}/invocation/{id}/{what}", body, {"Content-Type": "application/json", **headers})
    assert c.getresponse().status == 200
def handle(id, headers, body):
    global here
    int(headers["x-fc-function-timeout"]); int(headers["x-fc-function-deadline"])
    if headers["x-fc-function-type"] == "1":
        initialized.append(headers["x-fc-function-handler"])
        return post(id, "response", b"")
    if body == b"fail":
        return post(id, "error", json.dumps({"errorMessage": "on purpose", "errorType": "errorString"}))
    if body == b"initialized":
        return post(id, "response", json.dumps(initialized))
    if body.startswith(b"together "):
        with lock:
            here += 1
            lock.notify_all()
            lock.wait_for(lambda: here >= int(body.split()[1]), 10)
        return post(id, "response", str(here).encode())
    post(id, "response", json.dumps(headers) if body == b"headers" else body)
next_connection = http.client.HTTPConnection(api)
while True:
    next_connection.request("GET", base + "/invocation/next")
    answer = next_connection.getresponse()
    body = answer.read()
    headers = {k.lower(): v for k, v in answer.getheaders()}
    threading.Thread(target=handle, args=(headers["x-fc-request-id"], headers, body)).start()
)py";

/// Says everything wrong before it behaves.
constexpr char kHostile[] = R"py(#!/usr/bin/python3
import http.client, os, socket
host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
def say(bytes):
    s = socket.create_connection((host, int(port)))
    try:
        s.sendall(bytes)
        s.settimeout(0.2)
        return s.recv(100)
    except OSError:
        return b""
silent = [socket.create_connection((host, int(port))) for _ in range(100)]   # more than it may have
for s in silent: s.close()
say(b"GET " + b"a" * 100000 + b" HTTP/1.1\r\n\r\n")
say(b"POST /2018-06-01/runtime/init/error HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
say(b"POST /2018-06-01/runtime/invocation/x/response HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n")
say(b"\0" * 70000)
say(b"POST /2018-06-01/runtime/invocation//response HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
say(b"GET /2018-06-01/runtime/invocation/ HTTP/1.1\r\n\r\nGET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n")
base = "/2018-06-01/runtime/invocation/"
while True:
    try:
        c = http.client.HTTPConnection(host, int(port))
        c.request("GET", base + "next")
        answer = c.getresponse()
    except (OSError, http.client.HTTPException):   # turned away while the hundred still count
        continue
    id, body = answer.getheader("Lambda-Runtime-Aws-Request-Id"), answer.read()
    for other in ("00000000-0000-0000-0000-000000000000", "..%2f..", "x" * 4000):
        c.request("POST", base + other + "/response", b"not yours")
        assert c.getresponse().read()
    c.request("POST", base + id + "/response", body)
    assert c.getresponse().status == 202
)py";

class RuntimeApiTest : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        if (!linux::is_root()) return;
        char name[] = "/tmp/hotcell-api-XXXXXX";
        directory = ::mkdtemp(name);
        EngineOptions options;
        options.state_dir = directory + "/state";
        options.run_dir = directory + "/run";
        options.libexec_dir = test::kBinDir;
        options.shims_dir = test::kShimsDir;
        options.runtimes_dir = options.shims_dir + "/../runtimes";
        options.pooled_slots = 1;
        options.log = [](std::string_view line) {
            std::fprintf(stderr, "engine: %.*s\n", static_cast<int>(line.size()), line.data());
        };
        auto opened = Engine::open(std::move(options));
        ASSERT_TRUE(opened) << opened.error().message();
        engine = new Engine(std::move(*opened));
        Service service;
        service.name = "test";
        ASSERT_TRUE(engine->catalog().create_service(service));
    }
    static void TearDownTestSuite() {
        delete engine;
        linux::remove_tree(directory);
    }
    void SetUp() override { HOTCELL_REQUIRES(::hotcell::testing::root()); }

    static FunctionSettings settings_of(const std::string& runtime) {
        FunctionSettings settings;
        settings.runtime = runtime;
        settings.handler = runtime == "go1" ? "main" : "index.handler";
        settings.memory_mib = 128;
        settings.timeout_s = 20;
        return settings;
    }
    static void deploy(const std::string& name, FunctionSettings settings, const std::string& program) {
        Function function;
        function.service = "test";
        function.name = name;
        const std::string file = settings.runtime == "go1" ? settings.handler : "bootstrap";
        function.settings = std::move(settings);
        const auto created =
            engine->catalog().create_function(std::move(function), zip_of({{file, program}}, kExecutable));
        ASSERT_TRUE(created) << created.error().message();
    }
    static Result<InvokeReport> try_call(const std::string& function, const std::string& event) {
        InvokeRequest request;
        request.service = "test";
        request.function = function;
        request.event = event;
        request.log_tail = true;
        return engine->invoke(std::move(request));
    }
    static InvokeReport call(const std::string& function, const std::string& event = {}) {
        auto report = try_call(function, event);
        EXPECT_TRUE(report) << report.error().message();
        return report ? *report : InvokeReport{};
    }

    static inline std::string directory;
    static inline Engine* engine = nullptr;
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

class LambdaShellTest : public RuntimeApiTest {
protected:
    void SetUp() override {
        RuntimeApiTest::SetUp();
        if (!linux::exists("/usr/bin/curl")) GTEST_SKIP() << "curl is not installed";
    }
};

TEST_F(LambdaShellTest, AShellBootstrapWithCurlServesCalls) {
    deploy("shell", settings_of("provided"), kShell);
    const InvokeReport cold = call("shell", "an event");
    EXPECT_EQ(cold.outcome, InvokeOutcome::Succeeded) << cold.payload;
    EXPECT_EQ(cold.payload, "got an event");
    const InvokeReport warm = call("shell", "more");
    EXPECT_EQ(warm.payload, "got more");
    EXPECT_EQ(warm.start, "warm");
    EXPECT_EQ(warm.instance_id, cold.instance_id);
    const InvokeReport headers = call("shell", "headers");
    for (const std::string& line :
         {"Lambda-Runtime-Aws-Request-Id: " + headers.request_id, std::string("Lambda-Runtime-Deadline-Ms: "),
          std::string("Lambda-Runtime-Invoked-Function-Arn: acs:fc:local:0:services/test.LATEST/functions/shell"),
          std::string("Content-Type: application/json")})
        EXPECT_TRUE(has(headers.payload, line)) << line << "\n" << headers.payload;
}

TEST_F(LambdaShellTest, EachAnswerIsTakenOnceAndOnlyInItsTurn) {
    deploy("turns", settings_of("provided.al2023"), kShell);
    EXPECT_EQ(call("turns", "twice").payload, "one");
    const InvokeReport second = call("turns", "second");
    EXPECT_TRUE(has(second.payload, "400 ") && has(second.payload, "InvalidRequestID")) << second.payload;
    EXPECT_EQ(call("turns", "init").payload, "403");
    EXPECT_EQ(call("turns", "elsewhere").payload, "404");
    const InvokeReport failed = call("turns", "fail");
    EXPECT_EQ(failed.outcome, InvokeOutcome::HandledError);
    EXPECT_EQ(failed.payload, R"({"errorMessage":"on purpose","errorType":"Mine"})");
    const InvokeReport large = call("turns", "large");
    EXPECT_EQ(large.outcome, InvokeOutcome::UnhandledError);
    EXPECT_TRUE(has(large.payload, "Exceeded maximum allowed payload size (6291556 bytes).")) << large.payload;
    EXPECT_EQ(call("turns", "on").payload, "got on");
}

TEST_F(LambdaShellTest, ExitsAndTimeoutsAreToldInLambdasWords) {
    FunctionSettings settings = settings_of("provided.al2");
    settings.timeout_s = 2;
    deploy("ends", settings, kShell);
    const InvokeReport exited = call("ends", "exit 3");
    EXPECT_EQ(exited.outcome, InvokeOutcome::UnhandledError);
    EXPECT_EQ(exited.payload,
              R"({"errorMessage":"RequestId: )" + exited.request_id +
                  R"( Error: Runtime exited with error: exit status 3","errorType":"Runtime.ExitError"})");
    const InvokeReport late = call("ends", "hang");
    EXPECT_EQ(late.end, EnvironmentEnd::TimedOut);
    EXPECT_TRUE(has(late.payload, "Task timed out after 2.00 seconds")) << late.payload;
}

TEST_F(RuntimeApiTest, AProgramThatDoesNotComeUpIsToldAsItsInitialization) {
    deploy("ends_first", settings_of("provided"), "#!/bin/sh\necho bye\nexit 7\n");
    const InvokeReport report = call("ends_first");
    EXPECT_EQ(report.outcome, InvokeOutcome::InitializationError);
    EXPECT_TRUE(has(report.payload, "Runtime exited with error: exit status 7")) << report.payload;
    EXPECT_TRUE(has(report.payload, "Runtime.ExitError"));
    deploy("no_program", settings_of("provided"), "neither a script nor a program\n");
    const InvokeReport none = call("no_program");
    EXPECT_EQ(none.outcome, InvokeOutcome::InitializationError);
    EXPECT_TRUE(has(none.payload, "Runtime failed to start: fork/exec /var/task/bootstrap: exec format error"))
        << none.payload;
}

TEST_F(RuntimeApiTest, AGoStyleClientAsksAheadAndGetsItsHeaders) {
    FunctionSettings settings = settings_of("go1");
    settings.initializer = "Initialize";
    deploy("go", settings, kGoStyle);
    EXPECT_EQ(call("go", "hello").payload, "hello");
    EXPECT_EQ(call("go", "initialized").payload, R"(["Initialize"])");
    const InvokeReport headers = call("go", "headers");
    for (const char* part :
         {R"("x-fc-function-name": "go")", R"("x-fc-function-handler": "main")", R"("x-fc-function-type": "0")",
          R"("x-fc-function-timeout": "20")", R"("x-fc-service-name": "test")", R"("x-fc-qualifier": "LATEST")"})
        EXPECT_TRUE(has(headers.payload, part)) << part << "\n" << headers.payload;
    const InvokeReport failed = call("go", "fail");
    EXPECT_EQ(failed.outcome, InvokeOutcome::HandledError);
    EXPECT_TRUE(has(failed.payload, "on purpose"));
    EXPECT_EQ(call("go", "again").start, "warm");
}

TEST_F(RuntimeApiTest, AnInitializationThatSaysThatItFailedIsTheCallsAnswer) {
    FunctionSettings settings = settings_of("go1");
    settings.environment = {{"FAIL_INIT", "1"}};
    deploy("go_init", settings, kGoStyle);
    const InvokeReport report = call("go_init");
    EXPECT_EQ(report.outcome, InvokeOutcome::InitializationError);
    EXPECT_EQ(report.payload, R"({"errorMessage": "no database", "errorType": "DbError"})");
}

TEST_F(RuntimeApiTest, CallsOfOneEnvironmentRunSideBySide) {
    FunctionSettings settings = settings_of("go1");
    settings.concurrency = 4;
    deploy("go_four", settings, kGoStyle);
    std::vector<std::future<InvokeReport>> calls;
    for (int i = 0; i < 4; ++i)
        calls.push_back(std::async(std::launch::async, [] { return call("go_four", "together 4"); }));
    std::set<std::string> instances;
    for (auto& one : calls) {
        const InvokeReport report = one.get();
        EXPECT_EQ(report.payload, "4");
        instances.insert(report.instance_id);
    }
    EXPECT_EQ(instances.size(), 1u);
}

TEST_F(RuntimeApiTest, OneThatNeverStopsTalkingIsEnded) {
    deploy("talker", settings_of("provided"), R"py(#!/usr/bin/python3
import http.client, os
host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
c = http.client.HTTPConnection(host, int(port))
c.request("GET", "/2018-06-01/runtime/invocation/next")
c.getresponse().read()
while True:
    c.request("GET", "/ping")
    c.getresponse().read()
)py");
    const InvokeReport report = call("talker");
    EXPECT_EQ(report.outcome, InvokeOutcome::UnhandledError);
    EXPECT_EQ(report.end, EnvironmentEnd::Exited) << report.payload;
}

TEST_F(RuntimeApiTest, AHostileClientHurtsItselfAlone) {
    deploy("hostile", settings_of("provided"), kHostile);
    EXPECT_EQ(call("hostile", "one").payload, "one");
    EXPECT_EQ(call("hostile", "two").payload, "two");
}

}  // namespace
}  // namespace hotcell
