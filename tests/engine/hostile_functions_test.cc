// Functions that fight their engine: what they leave running, that they cannot be ended, what they say on their channel, and
// processes that are killed while they start. C09, C10, C11, E07, G05 of the threat model.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "tests/support/engine_fixture.h"
#include "tests/support/host_processes.h"
#include "tests/support/requires.h"

namespace hotcell {
namespace {

using test::eventually;
using test::processes_named;
using test::TestEngine;
using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point before) {
    return std::chrono::duration<double, std::milli>(Clock::now() - before).count();
}

double milliseconds_on_cpu(pid_t pid) {
    double nanoseconds = 0;
    std::ifstream("/proc/" + std::to_string(pid) + "/schedstat") >> nanoseconds;
    return nanoseconds / 1e6;
}

/// Two slots are kept ready; idle environments are frozen after so long.
TestEngine::Change frozen_after(Millis time) {
    return [time](EngineOptions& options) {
        options.pooled_slots = 2;
        options.freeze_after = time;
    };
}

class HostileFunctions : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        if (linux::is_root()) shared = new TestEngine(frozen_after(Millis(5)));
    }
    static void TearDownTestSuite() { delete shared; }
    void SetUp() override { HOTCELL_REQUIRES(::hotcell::testing::root()); }

    static inline TestEngine* shared = nullptr;
};

// ---- between the answer and the freezing: C09 -----------------------------------------------------------------------

constexpr char kSpinner[] = R"(
import ctypes, os
def handler(event, context):
    if event == b"spin":
        begun, tell = os.pipe()
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                ctypes.CDLL(None).prctl(15, b"hc-spin-after")
                os.write(tell, b"x")
                while True:
                    pass
            os._exit(0)
        os.wait()
        os.read(begun, 1)  # it has its name before it may be frozen
    return ""
)";

/// What a process gets that a call has left, from the answer until it stands still; the middle of many.
double milliseconds_after_an_answer(TestEngine& python) {
    python.deploy("spinner", kSpinner);
    python.call("spinner", "spin");
    const auto is_frozen = [&] { return python.instances("test", "spinner").at(0).state == "frozen"; };
    EXPECT_TRUE(eventually([] { return processes_named("hc-spin-after").size() == 1; }));
    EXPECT_TRUE(eventually(is_frozen));
    const auto spinners = processes_named("hc-spin-after");
    if (spinners.empty()) return -1;
    std::vector<double> all;
    for (int i = 0; i < 15; ++i) {
        const double before = milliseconds_on_cpu(spinners[0]);
        const auto begun = Clock::now();
        python.call("spinner");
        const double within_the_call = milliseconds_since(begun);
        EXPECT_TRUE(eventually(is_frozen));
        all.push_back(milliseconds_on_cpu(spinners[0]) - before - within_the_call);
    }
    python.evict_instances("test", "spinner");
    EXPECT_TRUE(eventually([] { return processes_named("hc-spin-after").empty(); }));
    std::ranges::sort(all);
    return all[all.size() / 2];
}

TEST_F(HostileFunctions, WhatACallLeftRunningGetsTenMillisecondsBeforeItStandsStill) {
    EXPECT_LE(milliseconds_after_an_answer(*shared), 10);
}

TEST_F(HostileFunctions, AndMoreWhereItIsFrozenLater) {  // the layer switched off: the same measure is red
    TestEngine late(frozen_after(Millis(200)));
    EXPECT_GT(milliseconds_after_an_answer(late), 10);
}

// ---- handlers that do not want to end: C10 --------------------------------------------------------------------------

constexpr char kUnkillable[] = R"(
import ctypes, os, signal, time
libc = ctypes.CDLL(None)
def handler(event, context):
    libc.prctl(15, b"hc-unkillable")
    how = event.decode()
    if how == "ignores":
        for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_IGN)
    if how == "blocks": signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    if how == "stops itself": os.kill(os.getpid(), signal.SIGSTOP)
    if how == "stops all":
        if os.fork() == 0: time.sleep(60)
        os.kill(-1, signal.SIGSTOP)
    if how == "vfork": libc.vfork()
    if how == "forks":
        for _ in range(8):
            if os.fork() == 0:
                os.setsid()
                break
    if how == "pipe": os.read(os.pipe()[0], 1)
    if how: time.sleep(60)
    return "fine"
)";

TEST_F(HostileFunctions, AreKilledAtTheirTimeoutHoweverTheyResist) {
    Function unkillable = TestEngine::python("unkillable");
    unkillable.settings.timeout_s = 1;
    shared->deploy(unkillable, {{"index.py", kUnkillable}});
    for (const char* how : {"ignores", "blocks", "stops itself", "stops all", "vfork", "forks", "pipe"}) {
        EXPECT_EQ(shared->call("unkillable").payload, "fine");
        const auto before = Clock::now();
        const InvokeReport report = shared->call("unkillable", how);
        const double took = milliseconds_since(before);
        EXPECT_EQ(report.end, EnvironmentEnd::TimedOut) << how << ": " << report.payload;
        EXPECT_GE(took, 1000) << how;
        EXPECT_LE(took, 1200) << how;
        EXPECT_TRUE(eventually([] { return processes_named("hc-unkillable").empty(); })) << how;
    }
}

// ---- sudden ends: C11 -----------------------------------------------------------------------------------------------

TEST_F(HostileFunctions, AreToldAtOnceWhereTheyEndSuddenly) {
    shared->deploy("sudden", R"(
import os, signal, threading, time
def handler(event, context):
    how = event.decode()
    if how == "exit": os._exit(0)
    if how == "abort": os.abort()
    if how == "kill": os.kill(os.getpid(), signal.SIGKILL)
    if how == "thread":
        threading.Thread(target=os._exit, args=(7,)).start()
        time.sleep(60)
    if how == "parent":
        try: os.kill(1, signal.SIGKILL)
        except PermissionError: pass
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)
    return "fine"
)");
    for (const auto& [how, words] : {std::pair{"exit", "exit code 0"},
                                     {"abort", "signal 6"},
                                     {"kill", "signal 9"},
                                     {"thread", "exit code 7"},
                                     {"parent", "signal 9"}}) {
        EXPECT_EQ(shared->call("sudden").payload, "fine");
        const auto before = Clock::now();
        const InvokeReport report = shared->call("sudden", how);
        EXPECT_LE(milliseconds_since(before), 100) << how;
        EXPECT_EQ(report.end, EnvironmentEnd::Exited) << how;
        EXPECT_NE(report.payload.find(words), std::string::npos) << how << ": " << report.payload;
    }
}

// ---- what is said on the channel: E07 -------------------------------------------------------------------------------

constexpr char kTalker[] = R"(
import os, random, struct, threading, time
RESULT = 6
def say(kind, request, payload, length=None):
    os.write(5, struct.pack("<IHHQ", len(payload) if length is None else length, kind, 0, request) + payload)
def later(numbers):
    time.sleep(0.2)  # it has been answered by then
    for number in numbers: say(RESULT, number, b"early")
def handler(event, context):
    how, _, value = event.decode().partition(" ")
    if how == "types": say(int(value), 2, b"x" * 16)
    if how == "others": say(RESULT, int(value), b"another's")
    if how == "cut":
        say(RESULT, 2, b"half", 100)
        os._exit(0)
    if how == "giant": say(RESULT, 2, b"", (1 << 32) - 1)
    if how == "random": os.write(5, random.Random(int(value)).randbytes(64))
    if how == "early":
        threading.Thread(target=later, args=(range(3, 20),)).start()
        return "answered"
    if how == "twice":
        say(RESULT, 2, b"first")
        return "second"
    if how: time.sleep(60)
    return "fine"
)";

TEST_F(HostileFunctions, AreEndedForWhatTheyMayNotSayAndNobodyElseHearsOfIt) {
    shared->deploy("talker", kTalker);
    shared->deploy("neighbour", "def handler(event, context):\n    return event\n");
    std::atomic<bool> over = false;
    std::atomic<int> wrong = 0, right = 0;
    std::vector<std::thread> neighbours;
    for (int n = 0; n < 2; ++n)
        neighbours.emplace_back([&, n] {
            for (int i = 0; !over; ++i) {
                const std::string token = std::to_string(n) + "-" + std::to_string(i);
                (shared->call("neighbour", token).payload == token ? right : wrong)++;
            }
        });
    std::vector<std::string> said = {"cut", "giant", "others 1", "others 3", "others 18446744073709551615"};
    for (int type : {0, 1, 2, 3, 4, 5, 8, 99, 65535}) said.push_back("types " + std::to_string(type));
    for (int seed = 0; seed < 40; ++seed) said.push_back("random " + std::to_string(seed));
    for (const std::string& what : said) {
        EXPECT_EQ(shared->call("talker").payload, "fine") << "the first call of an environment, before " << what;
        const InvokeReport report = shared->call("talker", what);
        EXPECT_EQ(report.outcome, InvokeOutcome::UnhandledError) << what << ": " << report.payload;
        EXPECT_EQ(report.end, EnvironmentEnd::Exited) << what;
        EXPECT_TRUE(eventually([] { return shared->instances("test", "talker").empty(); })) << what;
    }
    over = true;
    for (std::thread& neighbour : neighbours) neighbour.join();
    EXPECT_EQ(wrong, 0);
    EXPECT_GT(right, 100);
}

TEST_F(HostileFunctions, AnswerOnceAndNotBeforeTheyAreAsked) {
    TestEngine awake(frozen_after(Millis(600'000)));  // what it says between calls is not held back
    awake.deploy("talker", kTalker);
    for (const auto& [what, answer] : {std::pair{"early", "answered"}, {"twice", "first"}}) {
        EXPECT_EQ(awake.call("talker").payload, "fine");
        EXPECT_EQ(awake.call("talker", what).payload, answer);
        EXPECT_TRUE(eventually([&] { return awake.instances("test", "talker").empty(); })) << what;
    }
    EXPECT_EQ(awake.call("talker").payload, "fine");
}

constexpr char kPlumber[] = R"(
import fcntl, os
def handler(event, context):
    if event == b"shrink":
        for fd in (3, 5): fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, 4096)
        return b"x" * 60000
    if event == b"others":
        for fd, how in (3, os.O_WRONLY), (5, os.O_RDONLY): os.open("/proc/self/fd/%d" % fd, how)
    return str(len(event))
)";

TEST_F(HostileFunctions, CanDoNoMoreToTheirPipesThanMakeThemSlow) {
    shared->deploy("plumber", kPlumber);
    const InvokeReport shrunk = shared->call("plumber", "shrink");
    EXPECT_EQ(shrunk.payload.size(), 60'000u) << shrunk.payload.substr(0, 300);
    const InvokeReport large = shared->call("plumber", std::string(60'000, '-'));
    EXPECT_EQ(large.payload, "60000");
    EXPECT_EQ(large.instance_id, shrunk.instance_id) << "in pieces, and with nothing lost";
    EXPECT_NE(shared->call("plumber", "others").payload.find("Permission denied"), std::string::npos)
        << "the other ends are not its own to open";
}

// ---- processes that are killed while they start: G05 ----------------------------------------------------------------

TEST_F(HostileFunctions, OneThatIsKilledWhileItStartsIsToldAtOnce) {
    shared->deploy("starting",
                   "import ctypes, time\n"
                   "ctypes.CDLL(None).prctl(15, b'hc-starting')\n"
                   "def initializer(context):\n    time.sleep(50)\n"
                   "def handler(event, context):\n    return 'fine'\n",
                   "index.initializer");
    auto starting = shared->begin("starting");
    ASSERT_TRUE(eventually([] { return processes_named("hc-starting").size() == 1; }));
    const auto before = Clock::now();
    ASSERT_EQ(::kill(processes_named("hc-starting").at(0), SIGKILL), 0);
    const auto result = starting.result.get();
    EXPECT_LE(milliseconds_since(before), 100);
    ASSERT_TRUE(result) << result.error().message();
    EXPECT_EQ(result->outcome, InvokeOutcome::InitializationError);
    EXPECT_NE(result->payload.find("killed by signal 9"), std::string::npos) << result->payload;
    EXPECT_TRUE(eventually([] { return shared->instances("test", "starting").empty(); }));
}

}  // namespace
}  // namespace hotcell
