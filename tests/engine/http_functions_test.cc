// HTTP functions and lifecycle hooks in real sandboxes through the library.
#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>
#include <functional>
#include <optional>

#include "hotcell/engine.h"
#include "tests/support/build_paths.h"
#include "tests/support/requires.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/zip_of.h"

namespace hotcell {
namespace {

using Clock = std::chrono::steady_clock;

bool eventually(const std::function<bool()>& is_so) {
    for (int i = 0; i < 5000; ++i) {
        if (is_so()) return true;
        ::poll(nullptr, 0, 2);
    }
    return false;
}

class HttpFunctions : public ::testing::Test {
protected:
    void SetUp() override {
        HOTCELL_REQUIRES(::hotcell::testing::root());
        EngineOptions options;
        options.state_dir = directory / "state";
        options.run_dir = directory / "run";
        options.libexec_dir = test::kBinDir;
        options.shims_dir = test::kShimsDir;
        options.runtimes_dir = options.shims_dir + "/../runtimes";
        options.pooled_slots = 1;
        auto opened = Engine::open(options);
        ASSERT_TRUE(opened) << opened.error().message();
        engine.emplace(std::move(*opened));
        Service service;
        service.name = "test";
        ASSERT_TRUE(engine->catalog().create_service(service));
    }
    void deploy(const std::string& name, const std::string& source, LifecycleHook freeze = {},
                LifecycleHook stop = {}) {
        Function function;
        function.service = "test";
        function.name = name;
        function.settings.runtime = "python3";
        function.settings.handler = "index.handler";
        function.settings.pre_freeze = std::move(freeze);
        function.settings.pre_stop = std::move(stop);
        const auto created = engine->catalog().create_function(function, test::zip_of({{"index.py", source}}));
        ASSERT_TRUE(created) << created.error().message();
    }
    InvokeReport call(const std::string& name, const std::string& event, std::optional<HttpCall> http = {}) {
        InvokeRequest request;
        request.service = "test";
        request.function = name;
        request.event = event;
        request.http = std::move(http);
        request.log_tail = true;
        auto report = engine->invoke(std::move(request));
        EXPECT_TRUE(report) << report.error().message();
        return report ? std::move(*report) : InvokeReport{};
    }
    static HttpCall get(const std::string& path) {
        HttpCall http;
        http.method = "GET";
        http.path = path;
        http.request_uri = "/2016-08-15/proxy/test/f" + path;
        http.host = "localhost";
        return http;
    }

    TemporaryDirectory directory;
    std::optional<Engine> engine;
};

TEST_F(HttpFunctions, AnswerWithStatusHeadersAndBody) {
    deploy("app",
           "def handler(environ, start_response):\n"
           "    path = environ['PATH_INFO']\n"
           "    if path == '/long': start_response('200 OK', [('X-Long', 'x' * 9000)])\n"
           "    elif path == '/bad': start_response('200 OK', [('X-Bad', 'a\\nX-Other: 1')])\n"
           "    elif path == '/switch': start_response('101 Switching', [])\n"
           "    elif path == '/raise': raise ValueError('no')\n"
           "    else: start_response('404 Not Found', [('Set-Cookie', 'a=1'), ('Set-Cookie', 'b=2')])\n"
           "    return [environ['wsgi.input'].read(), environ['HTTP_X_RAW'].encode('latin-1')]\n");
    HttpCall http = get("/x");
    http.headers["x-raw"] = {"\xff"};
    const InvokeReport answer = call("app", std::string("a\0b", 3), http);
    ASSERT_EQ(answer.outcome, InvokeOutcome::Succeeded) << answer.payload;
    ASSERT_TRUE(answer.http);
    EXPECT_EQ(answer.http->status, 404u);
    EXPECT_EQ(answer.http->headers, (HttpHeaders{{"set-cookie", {"a=1", "b=2"}}}));
    EXPECT_EQ(answer.payload, std::string("a\0b\xc3\xbf", 5)) << "a byte that is no UTF-8 has become a character";
    for (const auto& [path, words] :
         std::map<std::string, std::string>{{"/long", "headers exceed the maximum allowed size"},
                                            {"/bad", "header x-bad: the value has a control"},
                                            {"/switch", "the status is not in 200..599"},
                                            {"/raise", "ValueError"}}) {
        http.path = path;
        const InvokeReport bad = call("app", {}, http);
        EXPECT_EQ(bad.outcome, InvokeOutcome::UnhandledError);
        EXPECT_FALSE(bad.http);
        EXPECT_NE(bad.payload.find(words), std::string::npos) << path << ": " << bad.payload;
        EXPECT_EQ(bad.instance_id, answer.instance_id) << "and the environment lives on";
    }
}

TEST_F(HttpFunctions, CarryABodyOfSixMebibytesBothWays) {
    deploy("echo",
           "def handler(environ, start_response):\n    start_response('200 OK', [])\n"
           "    return [environ['wsgi.input'].read()]\n");
    const std::string body(6 << 20, 'b');
    const InvokeReport answer = call("echo", body, get("/"));
    ASSERT_TRUE(answer.http) << answer.payload.substr(0, 300);
    EXPECT_TRUE(answer.payload == body);
}

TEST_F(HttpFunctions, AreFrozenAfterTheirPreFreezeWhichNoCallWaitsFor) {
    deploy("f",
           "count = 0\n"
           "def freeze(context):\n    global count\n    count += 1\n"
           "def handler(event, context):\n    return count\n",
           {.handler = "index.freeze", .timeout_s = 3});
    const auto is_frozen = [&] {
        const auto all = engine->instances();
        return all.size() == 1 && all[0].state == "frozen";
    };
    const InvokeReport first = call("f", {});
    EXPECT_EQ(first.payload, "0");
    EXPECT_EQ(first.log_tail.find("PreFreeze"), std::string::npos);
    ASSERT_TRUE(eventually(is_frozen));
    EXPECT_EQ(call("f", {}).payload, "1");
    ASSERT_TRUE(eventually(is_frozen));
    EXPECT_EQ(call("f", {}).payload, "2");
}

TEST_F(HttpFunctions, EndWhenTheirPreFreezeIsOverItsTime) {
    deploy("f",
           "import threading\n"
           "def freeze(context):\n    threading.Event().wait()\n"
           "def handler(event, context):\n    return 'served'\n",
           {.handler = "index.freeze", .timeout_s = 1});
    const InvokeReport first = call("f", {});
    ASSERT_TRUE(eventually([&] { return engine->instances().empty(); }));
    const InvokeReport second = call("f", {});
    EXPECT_EQ(second.payload, "served");
    EXPECT_NE(second.instance_id, first.instance_id);
}

TEST_F(HttpFunctions, AreStoppedAfterTheirPreStopWhichADrainWaitsFor) {
    const std::string source =
        "import threading\n"
        "def stop(context):\n    threading.Event().wait(0.4)\n"
        "def hang(context):\n    threading.Event().wait()\n"
        "def handler(event, context):\n    return 'served'\n";
    deploy("slow", source, {}, {.handler = "index.stop", .timeout_s = 3});
    deploy("hangs", source, {}, {.handler = "index.hang", .timeout_s = 1});
    const auto took = [&](const std::string& name) {
        EXPECT_EQ(call(name, {}).payload, "served");
        const auto begun = Clock::now();
        EXPECT_EQ(engine->evict_instances("test", name), 1u);
        return begun;
    };
    const auto begun = took("slow");
    (void)took("hangs");
    EXPECT_TRUE(engine->instances().empty()) << "their places are free at once";
    engine->drain(std::chrono::seconds(10));
    EXPECT_GE(Clock::now() - begun, std::chrono::seconds(1));
    EXPECT_LT(Clock::now() - begun, std::chrono::seconds(8));
}

}  // namespace
}  // namespace hotcell
