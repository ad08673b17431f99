// What becomes of an environment beside its answers: calls whose caller has gone, what it writes, what it leaves running, its end.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <vector>

#include "tests/support/engine_fixture.h"
#include "tests/support/host_processes.h"
#include "tests/support/requires.h"

namespace hotcell {
namespace {

using test::eventually;
using test::processes_named;
using test::Started;
using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point before) {
    return std::chrono::duration<double, std::milli>(Clock::now() - before).count();
}

/// Time on a processor of a process and all its threads.
double milliseconds_on_cpu(pid_t pid) {
    double all = 0;
    std::error_code ignored;
    for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", ignored)) {
        double nanoseconds = 0;
        std::ifstream(task.path() / "schedstat") >> nanoseconds;
        all += nanoseconds / 1e6;
    }
    return all;
}

class EnvironmentLife : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        if (linux::is_root()) engine = new test::TestEngine([](EngineOptions& options) { options.pooled_slots = 2; });
    }
    static void TearDownTestSuite() { delete engine; }
    void SetUp() override { HOTCELL_REQUIRES(::hotcell::testing::root()); }

    static std::vector<std::string> lines_of(const std::string& function) {
        std::vector<std::string> all;
        LogQuery query;
        query.service = "test";
        query.function = function;
        for (const LogLine& line : engine->logs(query).lines) all.push_back(line.text);
        return all;
    }
    static bool has_line(const std::string& function, const std::string& piece) {
        for (const std::string& line : lines_of(function))
            if (line.find(piece) != std::string::npos) return true;
        return false;
    }

    static inline test::TestEngine* engine = nullptr;
};

// ---- callers that go ------------------------------------------------------------------------------------------------

constexpr char kSleeper[] = R"(
import time
def initializer(context):
    print("initializing", flush=True)
    time.sleep(50)
def handler(event, context):
    print("asleep", event.decode(), flush=True)
    if event:
        time.sleep(50)
    return "awake"
)";

TEST_F(EnvironmentLife, ACallWhoseCallerHasGoneEndsWithItsEnvironment) {
    engine->deploy("left", kSleeper);
    Started sleeping = engine->begin("left", "here");
    ASSERT_TRUE(eventually([] { return has_line("left", "asleep here"); }));
    const std::string instance = engine->instances("test", "left").at(0).id;
    const auto before = Clock::now();
    engine->cancel(sleeping.number);
    const auto result = sleeping.result.get();
    EXPECT_LT(milliseconds_since(before), 1000);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, "ClientClosedRequest");
    EXPECT_TRUE(result.error().message().starts_with("Invocation canceled by client (duration: "))
        << result.error().message();
    EXPECT_TRUE(has_line("left", ", Error: Invocation canceled by client (duration: "));
    EXPECT_NE(engine->call("left").instance_id, instance);
    EXPECT_NE(engine->metrics().find("hotcell_refused_total{reason=\"ClientClosedRequest\"} 1"), std::string::npos);
    engine->cancel(sleeping.number);  // over: nothing happens
    EXPECT_EQ(engine->call("left").payload, "awake");
}

TEST_F(EnvironmentLife, SoDoesOneThatIsBeingInitialized) {
    engine->deploy("left_early", kSleeper, "index.initializer");
    Started sleeping = engine->begin("left_early");
    ASSERT_TRUE(eventually([] { return has_line("left_early", "initializing"); }));
    engine->cancel(sleeping.number);
    const auto result = sleeping.result.get();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, "ClientClosedRequest");
    EXPECT_TRUE(eventually([] { return engine->instances("test", "left_early").empty(); }));
}

TEST_F(EnvironmentLife, OneThatStillWaitsForAStartEndsAtOnce) {
    engine->deploy("never_begun", "def handler(event, context):\n    return 'ran'\n");
    std::vector<Started> calls;
    for (int i = 0; i < 20; ++i) calls.push_back(engine->begin("never_begun"));
    for (Started& one : calls) engine->cancel(one.number);
    int cancelled = 0;
    for (Started& one : calls) {
        const auto result = one.result.get();
        if (result) continue;
        ++cancelled;
        EXPECT_EQ(result.error().code, "ClientClosedRequest");
    }
    EXPECT_GT(cancelled, 0);
    EXPECT_EQ(engine->call("never_begun").payload, "ran");
}

// ---- what is written ------------------------------------------------------------------------------------------------

TEST_F(EnvironmentLife, EveryLineIsFoundByItsRequest) {
    engine->deploy("writer", R"(
import os, sys
def handler(event, context):
    print("first", event.decode())
    print("to err", file=sys.stderr)
    os.write(1, "\u00e4".encode()[:1])
    sys.stdout.flush()
    os.write(1, "\u00e4".encode()[1:] + b" whole\n\xff is no text\n")
    return ""
)");
    const InvokeReport one = engine->call("writer", "one"), two = engine->call("writer", "two");
    LogQuery query;
    query.request_id = one.request_id;
    std::map<std::string, LogLine> lines;
    for (const LogLine& line : engine->logs(query).lines) lines[line.text] = line;
    ASSERT_TRUE(lines.contains("first one"));
    EXPECT_FALSE(lines.contains("first two"));
    EXPECT_EQ(lines["first one"].service, "test");
    EXPECT_EQ(lines["first one"].function, "writer");
    EXPECT_EQ(lines["first one"].version, "LATEST");
    EXPECT_EQ(lines["first one"].instance_id, one.instance_id);
    EXPECT_EQ(lines["first one"].stream, LogStream::Out);
    ASSERT_TRUE(lines.contains("to err"));
    EXPECT_EQ(lines["to err"].stream, LogStream::Err);
    EXPECT_TRUE(lines.contains("\u00e4 whole"));
    EXPECT_TRUE(lines.contains("\\xff is no text"));
    EXPECT_TRUE(lines.contains("FC Invoke End RequestId: " + one.request_id));
    query.request_id = two.request_id;
    query.match = "first";
    ASSERT_EQ(engine->logs(query).lines.size(), 1u);
}

TEST_F(EnvironmentLife, ACallStandsBetweenItsTwoLinesWhateverItWrites) {
    engine->deploy("framed", R"(
import os, sys
def handler(event, context):
    os.write(2, b"to err\n")
    os.write(1, b"no end of line")
    if event == b"fail":
        raise ValueError("why")
    return ""
)");
    for (const bool fails : {false, true}) {
        InvokeRequest request = test::TestEngine::request_of("framed", fails ? "fail" : "");
        request.log_tail = true;
        const auto called = engine->invoke(std::move(request));
        ASSERT_TRUE(called) << called.error().message();
        const InvokeReport& report = *called;
        const std::string id = " RequestId: " + report.request_id;
        const std::string start =
            (fails ? "" : "FunctionCompute python3 runtime inited.\n") + ("FC Invoke Start" + id + "\n");
        const std::string end = "FC Invoke End" + id + (fails ? ", Error: Unhandled function error\n" : "\n");
        EXPECT_TRUE(report.log_tail.starts_with(start)) << report.log_tail;
        const auto last = report.log_tail.find("\n" + end);
        ASSERT_NE(last, std::string::npos) << report.log_tail;
        for (const char* said : {"to err\n", "no end of line"})
            EXPECT_LT(report.log_tail.find(said), last) << report.log_tail;
        LogQuery query;
        query.request_id = report.request_id;
        const auto lines = engine->logs(query).lines;
        EXPECT_EQ(lines.at(fails ? 0 : 1).text, "FC Invoke Start" + id);
        EXPECT_EQ(lines.back().text + "\n", end);
    }
}

TEST_F(EnvironmentLife, WhoFollowsIsToldOfNewLinesAndOfTheEndOfItsPatience) {
    engine->deploy("followed", "def handler(event, context):\n    print('news', event.decode())\n    return ''\n");
    LogQuery query;
    query.service = "test";
    query.function = "followed";
    query.match = "news";
    const auto ask = [&](Millis wait) {
        auto promise = std::make_shared<std::promise<LogPage>>();
        engine->logs(query, wait, [promise](LogPage page) { promise->set_value(std::move(page)); });
        return promise->get_future();
    };
    EXPECT_TRUE(ask(Millis(30)).get().lines.empty());
    auto waiting = ask(Millis(20'000));
    engine->call("followed", "1");
    const LogPage page = waiting.get();
    ASSERT_EQ(page.lines.size(), 1u);
    EXPECT_EQ(page.lines[0].text, "news 1");
    query.after = page.last;
    auto next = ask(Millis(20'000));
    engine->call("followed", "2");
    EXPECT_EQ(next.get().lines.at(0).text, "news 2");
}

TEST_F(EnvironmentLife, TheEngineSaysHowACallEndedWhenTheCodeCannot) {
    engine->deploy("gone", "import os\ndef handler(event, context):\n    os._exit(3)\n");
    const InvokeReport report = engine->call("gone");
    EXPECT_TRUE(has_line("gone", "FC Invoke End RequestId: " + report.request_id +
                                     ", Error: Process exited unexpectedly before completing request (exit code 3, "));
}

// ---- what is left running: C09 -----------------------------------------------------------------------------------------

TEST_F(EnvironmentLife, WhatACallLeftRunningGetsNoProcessorBetweenCallsAndIsGoneWithTheEnvironment) {
    engine->deploy("restless", R"(
import ctypes, os, threading
def spin():
    while True:
        pass
def handler(event, context):
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            ctypes.CDLL(None).prctl(15, b"hc-spin-c09")
            spin()
        os._exit(0)
    os.wait()
    return ""
)");
    engine->call("restless");
    ASSERT_TRUE(eventually([] { return processes_named("hc-spin-c09").size() == 1; }));
    ASSERT_TRUE(eventually([] { return engine->instances("test", "restless").at(0).state == "frozen"; }));
    const pid_t spinner = processes_named("hc-spin-c09").at(0);
    const double before = milliseconds_on_cpu(spinner);
    ::poll(nullptr, 0, 500);  // the time in which it must not run
    EXPECT_LE(milliseconds_on_cpu(spinner) - before, 1);
    EXPECT_EQ(engine->evict_instances("test", "restless"), 1u);
    EXPECT_TRUE(eventually([] { return processes_named("hc-spin-c09").empty(); }));
}

// ---- processes that are killed: G05 ---------------------------------------------------------------------------------------

constexpr char kKilled[] = R"(
import ctypes, time
ctypes.CDLL(None).prctl(15, b"hc-killed-g05")
def handler(event, context):
    if event == b"sleep":
        print("asleep", flush=True)
        time.sleep(50)
    if event == b"answer":
        return "x" * (5 << 20)
    return "alive"
)";

TEST_F(EnvironmentLife, AKilledProcessIsToldWithinATenthOfASecondAndReplacedWithinOne) {
    engine->deploy("killed", kKilled);
    for (int i = 0; i < 5; ++i) {
        engine->call("killed");
        Started sleeping = engine->begin("killed", "sleep");
        ASSERT_TRUE(eventually([&] {
            LogQuery query{.service = "test", .function = "killed", .match = "asleep"};
            return engine->logs(query).lines.size() == static_cast<std::size_t>(i + 1);
        }));
        const auto pids = processes_named("hc-killed-g05");
        ASSERT_EQ(pids.size(), 1u);
        const auto before = Clock::now();
        ASSERT_EQ(::kill(pids[0], SIGKILL), 0);
        const auto result = sleeping.result.get();
        EXPECT_LT(milliseconds_since(before), 100);
        ASSERT_TRUE(result);
        EXPECT_EQ(result->end, EnvironmentEnd::Exited);
        EXPECT_NE(result->payload.find("killed by signal 9"), std::string::npos) << result->payload;
        const auto after = Clock::now();
        EXPECT_EQ(engine->call("killed").payload, "alive");
        EXPECT_LT(milliseconds_since(after), 1000);
    }
}

TEST_F(EnvironmentLife, OneThatIsKilledWhileItIsIdleIsReplacedUnnoticed) {
    engine->deploy("killed_idle", kKilled);
    const std::string first = engine->call("killed_idle").instance_id;
    for (const pid_t pid : processes_named("hc-killed-g05")) ::kill(pid, SIGKILL);
    ASSERT_TRUE(eventually([] { return engine->instances("test", "killed_idle").empty(); }));
    const auto before = Clock::now();
    const InvokeReport next = engine->call("killed_idle");
    EXPECT_LT(milliseconds_since(before), 1000);
    EXPECT_EQ(next.payload, "alive");
    EXPECT_NE(next.instance_id, first);
}

TEST_F(EnvironmentLife, OneThatIsKilledWhileItAnswersGivesAnErrorOrTheWholeAnswer) {
    engine->deploy("killed_answering", kKilled);
    for (int i = 0; i < 20; ++i) {
        engine->call("killed_answering");
        const auto pids = processes_named("hc-killed-g05");
        ASSERT_FALSE(pids.empty());
        Started answering = engine->begin("killed_answering", "answer");
        ::poll(nullptr, 0, i);  // a different moment each time
        for (const pid_t pid : pids) ::kill(pid, SIGKILL);
        const auto result = answering.result.get();
        ASSERT_TRUE(result);
        if (result->outcome == InvokeOutcome::Succeeded)
            EXPECT_EQ(result->payload, std::string(5 << 20, 'x'));
        else
            EXPECT_EQ(result->end, EnvironmentEnd::Exited);
        // a call that comes before the engine has heard of the end would be told of it, too
        ASSERT_TRUE(eventually([] { return engine->instances("test", "killed_answering").empty(); }));
    }
    EXPECT_EQ(engine->call("killed_answering").payload, "alive");
}

// ---- what one function leaves for another: E01 ------------------------------------------------------------------------------

TEST_F(EnvironmentLife, NoFunctionFindsWhatAnotherLeft) {
    constexpr int kTenants = 8, kCalls = 24;
    const std::string source = R"(
import gc, os, threading
ME = None
def found():
    seen = set()
    for top in ("/tmp", "/dev/shm", "/var/tmp"):
        for base, _, files in os.walk(top):
            for name in files:
                seen.add(open(os.path.join(base, name)).read())
    seen.update(value for name, value in os.environ.items() if name.startswith("CANARY"))
    seen.update(one.name for one in threading.enumerate() if one.name.startswith("canary"))
    seen.update(one for one in gc.get_objects() if type(one) is str and one.startswith("canary"))
    for pid in os.listdir("/proc"):
        if pid.isdigit():
            try:
                seen.update(word for word in open(f"/proc/{pid}/cmdline").read().split("\0") if word.startswith("canary"))
            except OSError:
                pass
    return sorted(seen)
def handler(event, context):
    global ME
    before = found()
    ME = event.decode()
    for place in ("/tmp", "/dev/shm"):
        if os.path.isdir(place) and os.access(place, os.W_OK):
            with open(os.path.join(place, ME.replace(" ", "-")), "w") as file:
                file.write(ME)
    os.environ["CANARY"] = ME
    thread = threading.Thread(target=threading.Event().wait, name=ME, daemon=True)
    thread.start()
    return "\n".join(before)
)";
    for (int tenant = 0; tenant < kTenants; ++tenant) engine->deploy("tenant_" + std::to_string(tenant), source);
    int own = 0;
    for (int i = 0; i < kCalls; ++i) {
        std::vector<Started> calls;
        for (int tenant = 0; tenant < kTenants; ++tenant)
            calls.push_back(engine->begin("tenant_" + std::to_string(tenant), "canary " + std::to_string(tenant)));
        for (int tenant = 0; tenant < kTenants; ++tenant) {
            const auto result = calls[static_cast<std::size_t>(tenant)].result.get();
            ASSERT_TRUE(result) << result.error().message();
            ASSERT_EQ(result->outcome, InvokeOutcome::Succeeded) << result->payload;
            std::istringstream lines(result->payload);
            for (std::string line; std::getline(lines, line);) {
                EXPECT_EQ(line, "canary " + std::to_string(tenant)) << "in tenant " << tenant;
                ++own;
            }
        }
        if (i % 6 == 5) engine->evict_instances("test", "tenant_" + std::to_string(i % kTenants));
    }
    EXPECT_GT(own, kTenants * kCalls / 2) << "the search finds nothing: it would not find another's either";
}

}  // namespace
}  // namespace hotcell
