// Functions whose program is an HTTP server, in real sandboxes without a network: started, called, and every way to fail.
#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <future>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "engine/linux/files/files.h"
#include "hotcell/engine.h"
#include "tests/support/build_paths.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/requires.h"
#include "tests/support/zip_of.h"

namespace hotcell {
namespace {

using test::zip_of;
using Clock = std::chrono::steady_clock;
constexpr unsigned kExecutable = 0100755;

EngineOptions options_in(const std::string& directory) {
    EngineOptions options;
    options.state_dir = directory + "/state";
    options.run_dir = directory + "/run";
    options.libexec_dir = test::kBinDir;
    options.shims_dir = test::kShimsDir;
    options.runtimes_dir = options.shims_dir + "/../runtimes";
    options.pooled_slots = 2;
    options.log = [](std::string_view line) {
        std::fprintf(stderr, "engine: %.*s\n", static_cast<int>(line.size()), line.data());
    };
    return options;
}

std::string server_program() {
    std::ifstream file(std::string(test::kTestProgramsDir) + "/http_server", std::ios::binary);
    std::stringstream bytes;
    bytes << file.rdbuf();
    return bytes.str();
}

class CustomRuntimeTest : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        if (!linux::is_root()) return;
        char name[] = "/tmp/hotcell-custom-XXXXXX";
        directory = ::mkdtemp(name);
        auto opened = Engine::open(options_in(directory));
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

    static FunctionSettings custom() {
        FunctionSettings settings;
        settings.runtime = "custom";
        settings.handler = "any";
        settings.memory_mib = 128;
        settings.timeout_s = 20;
        return settings;
    }
    static void deploy(const std::string& name, FunctionSettings settings, const std::string& zip) {
        Function function;
        function.service = "test";
        function.name = name;
        function.settings = std::move(settings);
        const auto created = engine->catalog().create_function(std::move(function), zip);
        ASSERT_TRUE(created) << created.error().message();
    }
    /// With the server as its bootstrap.
    static void serve(const std::string& name, FunctionSettings settings = custom()) {
        deploy(name, std::move(settings), zip_of({{"bootstrap", server_program()}}, kExecutable));
    }
    static Result<InvokeReport> try_call(const std::string& function, const std::string& event = {}) {
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
    static Error failure(const std::string& function) {
        const auto report = try_call(function);
        EXPECT_FALSE(report) << report->payload;
        return report ? Error{} : report.error();
    }

    static inline std::string directory;
    static inline Engine* engine = nullptr;
};

std::string all_bytes() {
    std::string bytes;
    for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
    return bytes;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_F(CustomRuntimeTest, AStaticServerIsStartedOnceAndThenWarm) {
    serve("echo");
    const InvokeReport cold = call("echo", all_bytes());
    EXPECT_EQ(cold.outcome, InvokeOutcome::Succeeded) << cold.payload;
    EXPECT_EQ(cold.payload, all_bytes());
    EXPECT_EQ(cold.start, "exec");
    const InvokeReport warm = call("echo", "again");
    EXPECT_EQ(warm.payload, "again");
    EXPECT_EQ(warm.start, "warm");
    EXPECT_EQ(warm.instance_id, cold.instance_id);
    EXPECT_EQ(call("echo", "connections").payload, "1") << "the first look at its port is the connection that is kept";
    EXPECT_EQ(call("echo").payload, "");
}

TEST_F(CustomRuntimeTest, LargeEventsAndResultsArriveWhole) {
    serve("large");
    std::string event(6 << 20, '\0');
    for (std::size_t i = 0; i < event.size(); ++i) event[i] = static_cast<char>(i * 2654435761u >> 13);
    EXPECT_EQ(call("large", event).payload, event);
    EXPECT_EQ(call("large", event).payload, event);
}

TEST_F(CustomRuntimeTest, TheRequestIsTheOneOfFunctionCompute) {
    FunctionSettings settings = custom();
    settings.timeout_s = 17;
    serve("headers", settings);
    const InvokeReport report = call("headers", "show");
    EXPECT_TRUE(report.payload.starts_with("POST /invoke HTTP/1.1\r\n")) << report.payload;
    for (const char* line :
         {"Content-Type: application/octet-stream", "Content-Length: 4", "X-Fc-Control-Path: /invoke",
          "X-Fc-Function-Name: headers", "X-Fc-Function-Handler: any", "X-Fc-Function-Memory: 128",
          "X-Fc-Function-Timeout: 17", "X-Fc-Service-Name: test", "X-Fc-Qualifier: LATEST", "X-Fc-Version-Id: LATEST",
          "X-Fc-Retry-Count: 0", "X-Fc-Region: local", "X-Fc-Account-Id: 0",
          "X-Fc-Function-Initializer: ", "X-Fc-Initialization-Timeout: 3", "X-Fc-Access-Key-Id: "})
        EXPECT_TRUE(has(report.payload, std::string("\r\n") + line + "\r\n")) << line << "\n" << report.payload;
    EXPECT_TRUE(has(report.payload, "\r\nX-Fc-Request-Id: " + report.request_id + "\r\n")) << report.payload;
}

TEST_F(CustomRuntimeTest, OfAnEventsAnswerOnlyTheBodyCounts) {
    serve("status");
    const InvokeReport teapot = call("status", "teapot");
    EXPECT_EQ(teapot.outcome, InvokeOutcome::Succeeded);
    EXPECT_EQ(teapot.payload, "short and stout");
    const InvokeReport refused = call("status", "refuse");
    EXPECT_EQ(refused.outcome, InvokeOutcome::HandledError);
    EXPECT_EQ(refused.payload, "no such thing");
    EXPECT_EQ(call("status", "chunked").payload, "abcdefg");
    EXPECT_EQ(call("status", "show").start, "warm");
}

TEST_F(CustomRuntimeTest, WhatItWritesIsTheCallsLog) {
    serve("logs");
    EXPECT_TRUE(has(call("logs", "log hello").log_tail, "said hello\n"));
}

TEST_F(CustomRuntimeTest, ANamedCommandGetsItsArgumentsAndItsPort) {
    FunctionSettings settings = custom();
    settings.runtime = "custom.debian12";
    settings.custom.command = {"./server"};
    settings.custom.arguments = {"at", "8123"};
    settings.port = 8123;
    deploy("named", settings, zip_of({{"server", server_program()}}, kExecutable));
    EXPECT_EQ(call("named", "hi").payload, "hi");
}

TEST_F(CustomRuntimeTest, PythonsOwnServerAnswersUnmodified) {
    FunctionSettings settings = custom();
    settings.custom.command = {"python3", "-u", "-m", "http.server", "9000"};
    deploy("http_server", settings, zip_of({{"index.html", "<p>hello</p>"}}));
    // it knows no POST: the status is dropped, the body is the result
    const InvokeReport report = call("http_server");
    EXPECT_EQ(report.outcome, InvokeOutcome::Succeeded);
    EXPECT_TRUE(has(report.payload, "Unsupported method")) << report.payload;
    EXPECT_EQ(call("http_server").start, "warm");
}

TEST_F(CustomRuntimeTest, AServerThatIsNotThereIsNamed) {
    deploy("nothing", custom(), zip_of({{"readme", "x"}}));
    const Error error = failure("nothing");
    EXPECT_EQ(error.code, "CAFileNotFound");
    EXPECT_TRUE(has(error.doing, "the file /code/bootstrap is not exist")) << error.doing;
    deploy("plain", custom(), zip_of({{"bootstrap", "#!/bin/sh\n"}}));
    EXPECT_EQ(failure("plain").code, "CAFilePermission");
    FunctionSettings settings = custom();
    settings.custom.command = {"no-such-server", "-x"};
    deploy("unknown", settings, zip_of({{"readme", "x"}}));
    const Error unknown = failure("unknown");
    EXPECT_EQ(unknown.code, "CAExited");
    EXPECT_TRUE(
        has(unknown.doing, "(code 2, message:no such file or directory) with start command 'no-such-server -x '"))
        << unknown.doing;
    deploy("no_program", custom(), zip_of({{"bootstrap", "neither a script nor a program\n"}}, kExecutable));
    EXPECT_TRUE(has(failure("no_program").doing, "(code 8, message:exec format error)"));
}

TEST_F(CustomRuntimeTest, AServerThatEndsAtOnceIsToldAtOnceWithItsOutput) {
    FunctionSettings settings = custom();
    settings.custom.command = {"./bootstrap", "fail", "145"};
    serve("fails", settings);
    const auto before = Clock::now();
    const Error error = failure("fails");
    EXPECT_LT(Clock::now() - before, std::chrono::seconds(10));
    EXPECT_EQ(error.code, "CAExited");
    EXPECT_TRUE(has(error.doing, "exited unexpectedly(code 145) with start command './bootstrap fail 145 '. Logs:"))
        << error.doing;
    EXPECT_TRUE(has(error.doing, "http_server starts\n")) << error.doing;
    EXPECT_TRUE(has(error.doing, "cannot go on\n")) << error.doing;
}

TEST_F(CustomRuntimeTest, ACrashDuringACallIsToldAtOnce) {
    serve("crash");
    EXPECT_EQ(call("crash", "hi").payload, "hi");
    const auto before = Clock::now();
    const InvokeReport report = call("crash", "exit 3");
    EXPECT_LT(Clock::now() - before, std::chrono::seconds(5));
    EXPECT_EQ(report.outcome, InvokeOutcome::UnhandledError);
    EXPECT_EQ(report.end, EnvironmentEnd::Exited);
    EXPECT_TRUE(has(report.payload, "Process exited unexpectedly before completing request (exit code 3"))
        << report.payload;
    EXPECT_EQ(call("crash", "hi").payload, "hi");
}

TEST_F(CustomRuntimeTest, TimeoutsAndWantOfMemoryAreWhatTheyAre) {
    FunctionSettings settings = custom();
    settings.timeout_s = 1;
    serve("hang", settings);
    const InvokeReport late = call("hang", "hang");
    EXPECT_EQ(late.end, EnvironmentEnd::TimedOut) << late.payload;
    EXPECT_TRUE(has(late.payload, "Function time out after 1 seconds"));
    serve("memory");
    const InvokeReport full = call("memory", "memory");
    EXPECT_EQ(full.end, EnvironmentEnd::OutOfMemory) << full.payload;
}

TEST_F(CustomRuntimeTest, AnAnswerThatMakesNoSenseFailsItsCallAlone) {
    serve("strange");
    const std::string instance = call("strange", "hi").instance_id;
    for (const auto& [event, part] : std::vector<std::pair<std::string, std::string>>{
             {"close", "closed the connection without an answer"},
             {"cut", "closed the connection within its answer"},
             {"garbage", "not HTTP/1.1"},
             {"switch", "has status 101"},
             {"header", "response headers exceed maximum allowed size (8192 bytes)"},
             {"huge", "response size exceeds maximum allowed size"}}) {
        const InvokeReport report = call("strange", event);
        EXPECT_EQ(report.outcome, InvokeOutcome::UnhandledError) << event;
        EXPECT_TRUE(has(report.payload, part)) << event << ": " << report.payload;
    }
    EXPECT_EQ(call("strange", "twice").payload, "one");
    EXPECT_EQ(call("strange", "hi").payload, "hi") << "an answer nobody asked for was taken for another's";
    EXPECT_EQ(call("strange", "hi").instance_id, instance);
}

TEST_F(CustomRuntimeTest, AnInitializerMayPutItOff) {
    FunctionSettings settings = custom();
    settings.initializer = "init";
    settings.environment = {{"INITIALIZE", "later"}};
    serve("later", settings);
    for (int i = 0; i < 2; ++i) {
        const InvokeReport report = call("later", "hi");
        EXPECT_EQ(report.outcome, InvokeOutcome::InitializationError);
        EXPECT_TRUE(has(report.payload, "status 404: not yet")) << report.payload;
    }
    EXPECT_EQ(call("later", "hi").payload, "hi");
    settings.environment = {{"INITIALIZE", "never"}};
    serve("never", settings);
    const InvokeReport first = call("never");
    EXPECT_EQ(first.outcome, InvokeOutcome::InitializationError);
    EXPECT_NE(call("never").instance_id, first.instance_id);
}

TEST_F(CustomRuntimeTest, AnHttpCallPassesThrough) {
    serve("http");
    InvokeRequest request;
    request.service = "test";
    request.function = "http";
    request.event = "show";
    HttpCall http;
    http.method = "PUT";
    http.request_uri = "/2016-08-15/proxy/test/http/a%20b?q=1&q=2";
    http.path = "/a b";
    http.base_path = "/2016-08-15/proxy/test/http/";
    http.host = "example.com";
    http.client_ip = "192.0.2.7";
    http.headers = {{"x-mine", {"one", "two"}},  {"content-type", {"text/plain"}}, {"connection", {"close"}},
                    {"x-fc-request-id", {"me"}}, {"content-length", {"9999"}},     {"evil", {"a\r\nInjected: yes"}}};
    request.http = http;
    const auto shown = engine->invoke(request);
    ASSERT_TRUE(shown) << shown.error().message();
    EXPECT_TRUE(shown->payload.starts_with("PUT /2016-08-15/proxy/test/http/a%20b?q=1&q=2 HTTP/1.1\r\n"))
        << shown->payload;
    for (const char* line : {"Host: example.com", "X-Mine: one", "X-Mine: two", "Content-Type: text/plain",
                             "Content-Length: 4", "X-Fc-Control-Path: /http-invoke", "X-Fc-Client-Ip: 192.0.2.7",
                             "X-Fc-Base-Path: /2016-08-15/proxy/test/http/"})
        EXPECT_TRUE(has(shown->payload, std::string("\r\n") + line + "\r\n")) << line << "\n" << shown->payload;
    for (const char* line : {"Connection:", "X-Fc-Request-Id: me", "9999", "\r\nInjected"})
        EXPECT_FALSE(has(shown->payload, line)) << line << "\n" << shown->payload;
    request.event = "teapot";
    const auto teapot = engine->invoke(request);
    ASSERT_TRUE(teapot && teapot->http);
    EXPECT_EQ(teapot->http->status, 418u);
    EXPECT_EQ(teapot->http->headers.at("x-mine"), std::vector<std::string>{"yes"});
    EXPECT_FALSE(teapot->http->headers.contains("content-length"));
    EXPECT_EQ(teapot->payload, "short and stout");
}

TEST_F(CustomRuntimeTest, AConnectionThatTheServerEndsIsMadeAnew) {
    serve("last");
    EXPECT_EQ(call("last", "last").payload, "bye");
    EXPECT_EQ(call("last", "last").payload, "bye");
    EXPECT_EQ(call("last", "connections").payload, "3");
}

TEST_F(CustomRuntimeTest, OnAKeptConnectionThatIsDeadOnlyWhatMayBeRepeatedIsSentAgain) {
    serve("trap");
    const auto try_http = [](const std::string& method) {
        InvokeRequest request;
        request.service = "test";
        request.function = "trap";
        request.event = "hi";
        request.http.emplace();
        request.http->method = method;
        request.http->request_uri = "/2016-08-15/proxy/test/trap/";
        const auto report = engine->invoke(std::move(request));
        return report && report->outcome == InvokeOutcome::Succeeded ? report->payload : "failed";
    };
    const std::string instance = call("trap", "trap").instance_id;
    const InvokeReport event = call("trap", "hi");
    EXPECT_EQ(event.outcome, InvokeOutcome::UnhandledError) << event.payload;
    EXPECT_TRUE(has(event.payload, "Process exited unexpectedly before completing request (the server closed"))
        << event.payload;
    for (const auto& [method, answer] : std::vector<std::pair<std::string, std::string>>{{"GET", "hi"},
                                                                                         {"OPTIONS", "hi"},
                                                                                         {"TRACE", "hi"},
                                                                                         {"POST", "failed"},
                                                                                         {"PUT", "failed"},
                                                                                         {"DELETE", "failed"}}) {
        EXPECT_EQ(call("trap", "trap").payload, "trap");
        EXPECT_EQ(try_http(method), answer) << method;
    }
    EXPECT_EQ(call("trap", "hi").instance_id, instance) << "and the environment lives on";
}

TEST_F(CustomRuntimeTest, AServerThatIsNotWellIsNotStarted) {
    FunctionSettings settings = custom();
    settings.health.path = "/health";
    settings.environment = {{"HEALTH", "bad"}};
    serve("ill", settings);
    const Error error = failure("ill");
    EXPECT_EQ(error.code, "FunctionNotStarted");
    EXPECT_TRUE(has(error.doing, "check function health failed with status code: 500")) << error.doing;
    settings.environment = {{"HEALTH", "ok"}};
    serve("well", settings);
    EXPECT_EQ(call("well", "hi").payload, "hi");
    settings.initializer = "init";
    settings.environment = {{"HEALTH", "bad"}};
    serve("ill_later", settings);
    EXPECT_EQ(call("ill_later").outcome, InvokeOutcome::InitializationError);
}

TEST(CustomRuntimeStart, AServerThatDoesNotListenInTimeIsEndedAndTheErrorSaysWhereItDoes) {
    HOTCELL_REQUIRES(::hotcell::testing::root());
    test::TestEngine own([](EngineOptions& options) { options.server_start_timeout = Millis(1000); });
    const auto failure = [&](const std::string& name, const std::string& bootstrap,
                             const std::vector<std::string>& arguments) {
        Function function;
        function.service = "test";
        function.name = name;
        function.settings.runtime = "custom";
        function.settings.handler = "any";
        function.settings.custom.command = {"/code/bootstrap"};
        function.settings.custom.arguments = arguments;
        const auto zip = zip_of({{"bootstrap", bootstrap}}, kExecutable);
        EXPECT_TRUE(own.catalog().create_function(function, zip));
        const auto before = Clock::now();
        const auto report = own.invoke(test::TestEngine::request_of(name));
        EXPECT_GE(Clock::now() - before, std::chrono::seconds(1));
        EXPECT_TRUE(own.instances("test", name).empty());
        return report ? Error{} : report.error();
    };
    const Error silent = failure("silent", "#!/bin/sh\necho waiting\nexec sleep 1000\n", {});
    EXPECT_EQ(silent.code, "FunctionNotStarted");
    EXPECT_TRUE(has(silent.doing, "Function instance health check failed on port 9000 in 1 seconds.\nLogs:waiting\n"))
        << silent.doing;
    EXPECT_TRUE(has(silent.hint, "listen on 0.0.0.0:9000?")) << silent.hint;
    const Error elsewhere = failure("elsewhere", server_program(), {"at", "8080"});
    EXPECT_EQ(elsewhere.code, "FunctionNotStarted");
    EXPECT_TRUE(has(elsewhere.hint, "listens on port 8080: set caPort to it")) << elsewhere.hint;
}

TEST_F(CustomRuntimeTest, CallsGoElsewhereWhileAServerIsNotWell) {
    FunctionSettings settings = custom();
    settings.health = {.path = "/health",
                       .initial_delay_s = 0,
                       .period_s = 1,
                       .timeout_s = 1,
                       .failure_threshold = 1,
                       .success_threshold = 1};
    settings.environment = {{"HEALTH", "ok bad bad bad bad bad bad bad bad bad bad bad ok"}};
    serve("ailing", settings);
    const std::string first = call("ailing", "stay 1500").instance_id;  // asked once meanwhile
    EXPECT_NE(call("ailing", "hi").instance_id, first);
}

TEST_F(CustomRuntimeTest, CallsShareAnEnvironmentUpToItsConcurrency) {
    constexpr int kCalls = 8;
    FunctionSettings settings = custom();
    settings.concurrency = kCalls;
    serve("shared", settings);
    std::vector<std::future<InvokeReport>> calls;
    for (int i = 0; i < kCalls; ++i)
        calls.push_back(std::async(std::launch::async, [] { return call("shared", "together 8"); }));
    std::set<std::string> instances;
    for (auto& one : calls) {
        const InvokeReport report = one.get();
        EXPECT_EQ(report.payload, "8");
        EXPECT_EQ(report.log_tail, "");
        instances.insert(report.instance_id);
    }
    EXPECT_EQ(instances.size(), 1u);
}

TEST_F(CustomRuntimeTest, FullEnvironmentsAreJoinedByAnother) {
    FunctionSettings settings = custom();
    settings.concurrency = 2;
    serve("pairs", settings);
    std::vector<std::future<InvokeReport>> calls;
    for (int i = 0; i < 4; ++i)
        calls.push_back(std::async(std::launch::async, [] { return call("pairs", "stay 2000"); }));
    std::set<std::string> instances;
    for (auto& one : calls) { instances.insert(one.get().instance_id); }
    EXPECT_EQ(instances.size(), 2u);
}

TEST_F(CustomRuntimeTest, ACrashFailsAllCallsOfItsEnvironment) {
    FunctionSettings settings = custom();
    settings.concurrency = 10;
    serve("all_fail", settings);
    call("all_fail", "hi");
    std::vector<std::future<InvokeReport>> hanging;
    for (int i = 0; i < 3; ++i)
        hanging.push_back(std::async(std::launch::async, [] { return call("all_fail", "together 4"); }));
    const InvokeReport killer = call("all_fail", "exit 9");
    EXPECT_EQ(killer.end, EnvironmentEnd::Exited);
    for (auto& one : hanging) {
        const InvokeReport report = one.get();
        // those that came after the crash found a fresh environment
        if (report.instance_id != killer.instance_id) continue;
        EXPECT_EQ(report.end, EnvironmentEnd::Exited) << report.payload;
    }
    EXPECT_EQ(call("all_fail", "hi").payload, "hi");
}

TEST_F(CustomRuntimeTest, AnEnvironmentIsFrozenWhenNoCallRuns) {
    serve("frozen");
    call("frozen", "hi");
    bool frozen = false;
    for (int i = 0; i < 2000 && !frozen; ++i) {
        for (const Instance& one : engine->instances("test", "frozen")) frozen = one.state == "frozen";
        ::poll(nullptr, 0, 5);
    }
    EXPECT_TRUE(frozen);
    EXPECT_EQ(call("frozen", "back").payload, "back");
}

}  // namespace
}  // namespace hotcell
