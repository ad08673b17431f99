// Asynchronous calls of functions in real sandboxes: kept over the engine's end, tried again, stopped, told to their destination.
#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "engine/linux/files/files.h"
#include "hotcell/engine.h"
#include "tests/support/build_paths.h"
#include "tests/support/requires.h"
#include "tests/support/zip_of.h"

namespace hotcell {
namespace {

using test::zip_of;

/// True once it is so; looks for at most thirty seconds.
bool eventually(const std::function<bool()>& is_so) {
    for (int i = 0; i < 15000; ++i) {
        if (is_so()) return true;
        ::poll(nullptr, 0, 2);
    }
    return false;
}

class AsyncEngineTest : public ::testing::Test {
protected:
    void SetUp() override {
        HOTCELL_REQUIRES(::hotcell::testing::root());
        char name[] = "/tmp/hotcell-async-XXXXXX";
        directory = ::mkdtemp(name);
        open();
        Service service;
        service.name = "test";
        ASSERT_TRUE(engine->catalog().create_service(service));
    }
    void TearDown() override {
        engine.reset();
        linux::remove_tree(directory);
    }
    void open() {
        EngineOptions options;
        options.state_dir = directory + "/state";
        options.run_dir = directory + "/run";
        options.libexec_dir = test::kBinDir;
        options.shims_dir = test::kShimsDir;
        options.runtimes_dir = options.shims_dir + "/../runtimes";
        options.pooled_slots = 2;
        options.most_running_events_per_function = 2;
        auto opened = Engine::open(options);
        ASSERT_TRUE(opened) << opened.error().message();
        engine = std::make_unique<Engine>(std::move(*opened));
    }
    void deploy(const std::string& name, const std::string& source, std::uint32_t timeout_s = 30) {
        Function function;
        function.service = "test";
        function.name = name;
        function.settings.runtime = "python3";
        function.settings.handler = "index.handler";
        function.settings.timeout_s = timeout_s;
        const auto created = engine->catalog().create_function(function, zip_of({{"index.py", source}}));
        ASSERT_TRUE(created) << created.error().message();
    }
    Result<AsyncAccepted> enqueue(const std::string& function, const std::string& id, const std::string& event = "{}") {
        AsyncRequest request;
        request.call.service = "test";
        request.call.function = function;
        request.call.event = event;
        request.invocation_id = id;
        request.stateful = true;
        return engine->invoke_async(std::move(request));
    }
    AsyncRecord record(const std::string& function, const std::string& id) {
        const auto got = engine->async_invocation({"test", "", function}, id);
        EXPECT_TRUE(got) << got.error().message();
        return got ? *got : AsyncRecord{};
    }
    bool becomes(const std::string& function, const std::string& id, const std::string& status) {
        return eventually([&] { return record(function, id).status == status; });
    }

    std::string directory;
    std::unique_ptr<Engine> engine;
};

TEST_F(AsyncEngineTest, AnEventIsCalledAndItsResultKept) {
    deploy("echo", "def handler(event, context):\n    return event\n");
    const auto accepted = enqueue("echo", "one", "hello");
    ASSERT_TRUE(accepted) << accepted.error().message();
    EXPECT_EQ(accepted->request_id.size(), 36u);
    ASSERT_TRUE(becomes("echo", "one", "Succeeded")) << record("echo", "one").status;
    const AsyncRecord done = record("echo", "one");
    EXPECT_EQ(done.result, "hello");
    EXPECT_EQ(done.request_id, accepted->request_id);
    EXPECT_TRUE(engine->invocation(accepted->request_id));
    EXPECT_NE(
        engine->metrics().find("hotcell_async_ended_total{function=\"echo\",service=\"test\",status=\"Succeeded\"} 1"),
        std::string::npos);
}

TEST_F(AsyncEngineTest, AnHttpFunctionIsCalledWithTheRequestAsItCame) {
    deploy(
        "web",
        "def handler(environ, start_response):\n"
        "    start_response('200 OK', [('x-kept', 'no')])\n"
        "    said = [environ['REQUEST_METHOD'], environ['PATH_INFO'], environ['QUERY_STRING'], environ['HTTP_X_ONE']]\n"
        "    return [' '.join(said).encode() + b' ' + environ['wsgi.input'].read()]\n");
    AsyncRequest request;
    request.call.service = "test";
    request.call.function = "web";
    request.call.event = "body";
    HttpCall& http = request.call.http.emplace();
    http.method = "PUT";
    http.path = "/a/b";
    http.request_uri = "/2016-08-15/proxy/test/web/a/b?x=1";
    http.queries = {{"x", {"1"}}};
    http.headers = {{"x-one", {"1"}}, {"content-length", {"4"}}};
    request.invocation_id = "one";
    request.stateful = true;
    ASSERT_TRUE(engine->invoke_async(std::move(request)));
    ASSERT_TRUE(becomes("web", "one", "Succeeded")) << record("web", "one").error_message;
    EXPECT_EQ(record("web", "one").result, "PUT /a/b x=1 1 body");
    EXPECT_EQ(record("web", "one").payload, "body");
}

TEST_F(AsyncEngineTest, ItIsTriedAgainWithTheSameIdUntilItSucceeds) {
    deploy("third",
           "def handler(event, context):\n"
           "    if context.retry_count < 2:\n        raise OSError('not yet')\n"
           "    return '%s %d' % (context.request_id, context.retry_count)\n");
    const auto accepted = enqueue("third", "one");
    ASSERT_TRUE(accepted);
    ASSERT_TRUE(becomes("third", "one", "Succeeded")) << record("third", "one").error_message;
    EXPECT_EQ(record("third", "one").result, accepted->request_id + " 2");
    EXPECT_EQ(record("third", "one").retries, 2u);
}

TEST_F(AsyncEngineTest, WhatIsRefusedIsRefusedAtOnce) {
    deploy("echo", "def handler(event, context):\n    return event\n");
    EXPECT_EQ(enqueue("nobody", "one").error().code, "FunctionNotFound");
    EXPECT_EQ(enqueue("echo", "1one").error().code, "InvalidArgument");
    EXPECT_TRUE(enqueue("echo", "fits", std::string(128 << 10, 'x')));
    const auto large = enqueue("echo", "large", std::string((128 << 10) + 1, 'x'));
    EXPECT_EQ(large.error().code, "EntityTooLarge");
    EXPECT_EQ(large.error().doing, "payload size exceeds maximum allowed size (131072 bytes)");
    AsyncRequest tail;
    tail.call.service = "test";
    tail.call.function = "echo";
    tail.call.log_tail = true;
    EXPECT_EQ(engine->invoke_async(tail).error().doing,
              "LogType is set to an invalid value (allowed: None, actual: 'Tail')");
    EXPECT_EQ(enqueue("echo", "fits").error().code, "StatefulAsyncInvocationAlreadyExists");
}

TEST_F(AsyncEngineTest, AFunctionThatCrashesOrHangsHoldsUpNoOther) {
    deploy("crash", "import os\ndef handler(event, context):\n    os._exit(3)\n");
    deploy("hang", "import time\ndef handler(event, context):\n    time.sleep(1000)\n", 600);
    deploy("echo", "def handler(event, context):\n    return event\n");
    for (int i = 0; i < 5; ++i) {
        ASSERT_TRUE(enqueue("crash", "c" + std::to_string(i)));
        ASSERT_TRUE(enqueue("hang", "h" + std::to_string(i)));
    }
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(enqueue("echo", "e" + std::to_string(i)));
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(becomes("echo", "e" + std::to_string(i), "Succeeded"));
    ASSERT_TRUE(becomes("crash", "c4", "Failed"));
    EXPECT_EQ(record("crash", "c4").retries, 3u);
    EXPECT_NE(record("crash", "c4").error_message.find("Process exited unexpectedly"), std::string::npos);
    EXPECT_EQ(record("hang", "h4").status, "Enqueued");
}

TEST_F(AsyncEngineTest, StoppingEndsTheRunningCall) {
    deploy("hang", "import time\ndef handler(event, context):\n    time.sleep(1000)\n", 600);
    for (const char* id : {"runs", "runs-too", "waits"}) ASSERT_TRUE(enqueue("hang", id));
    ASSERT_TRUE(becomes("hang", "runs", "Running"));
    ASSERT_TRUE(engine->stop_async({"test", "", "hang"}, "waits"));
    EXPECT_EQ(record("hang", "waits").status, "Stopped");
    ASSERT_TRUE(engine->stop_async({"test", "", "hang"}, "runs"));
    ASSERT_TRUE(becomes("hang", "runs", "Stopped")) << record("hang", "runs").status;
    EXPECT_EQ(engine->stop_async({"test", "", "hang"}, "runs").error().code, "InvalidArgument");
    EXPECT_EQ(record("hang", "runs-too").status, "Running");
}

TEST_F(AsyncEngineTest, ADrainKeepsTheQueueAndTheNextLifeGoesOn) {
    deploy("slow", "import time\ndef handler(event, context):\n    time.sleep(0.2)\n    return event\n");
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(enqueue("slow", "s" + std::to_string(i), std::to_string(i)));
    ASSERT_TRUE(becomes("slow", "s0", "Running"));
    engine->drain(Millis(0));
    EXPECT_EQ(enqueue("slow", "late").error().kind, ErrorKind::Exhausted);
    engine.reset();
    open();
    for (int i = 0; i < 10; ++i) {
        const std::string id = "s" + std::to_string(i);
        ASSERT_TRUE(becomes("slow", id, "Succeeded")) << id << " is " << record("slow", id).status;
        EXPECT_EQ(record("slow", id).result, std::to_string(i));
    }
}

TEST_F(AsyncEngineTest, ManyEnqueuesShareTheirSyncs) {
    deploy("echo", "def handler(event, context):\n    return event\n");
    std::atomic<int> accepted = 0, refused = 0;
    const auto begun = std::chrono::steady_clock::now();
    constexpr int kEvents = 2000;
    for (int i = 0; i < kEvents; ++i) {
        AsyncRequest request;
        request.call.service = "test";
        request.call.function = "echo";
        request.call.event = "{}";
        request.delay_s = 3600;
        engine->invoke_async(std::move(request),
                             [&](const Result<AsyncAccepted>& answer) { ++(answer ? accepted : refused); });
    }
    ASSERT_TRUE(eventually([&] { return accepted + refused == kEvents; }));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    EXPECT_EQ(refused, 0);
    EXPECT_EQ(engine->describe().async.waiting, static_cast<std::uint64_t>(kEvents));
    RecordProperty("enqueues_per_second", std::to_string(static_cast<int>(kEvents / took.count())));
    std::printf("%d enqueues in %.3f s: %.0f a second\n", kEvents, took.count(), kEvents / took.count());
}

}  // namespace
}  // namespace hotcell
