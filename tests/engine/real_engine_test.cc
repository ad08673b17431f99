// The whole engine over real sandboxes: each kind of start, each way a program can end. Needs root.
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <future>
#include <iterator>
#include <string>

#include "tests/support/engine_fixture.h"
#include "tests/support/host_processes.h"
#include "tests/support/requires.h"

namespace hotcell {
namespace {

std::string read_all(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

class RealEngine : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        if (!linux::is_root()) return;
        engine = new test::TestEngine([](EngineOptions& options) {
            options.pooled_slots = 2;
            options.log = [](std::string_view line) {
                std::fprintf(stderr, "engine: %.*s\n", static_cast<int>(line.size()), line.data());
            };
        });
    }
    static void TearDownTestSuite() { delete engine; }
    void SetUp() override { HOTCELL_REQUIRES(::hotcell::testing::root()); }

    static RunRequest python(const std::string& program, StartKind start, SlotKind slot = SlotKind::Any) {
        RunRequest request;
        request.runtime = "python3";
        request.program = program;
        request.start = start;
        request.slot = slot;
        return request;
    }
    static RunReport run(RunRequest request) {
        auto report = engine->run(std::move(request));
        EXPECT_TRUE(report) << report.error().message();
        return report ? *report : RunReport{};
    }

    /// A run that is under way.
    struct Started {
        std::uint64_t number = 0;
        std::future<Result<RunReport>> result;
    };
    static Started begin(RunRequest request) {
        auto promise = std::make_shared<std::promise<Result<RunReport>>>();
        Started started{0, promise->get_future()};
        started.number = engine->run(std::move(request),
                                     [promise](Result<RunReport> report) { promise->set_value(std::move(report)); });
        return started;
    }
    static void expect_cancelled(Started started) {
        ASSERT_EQ(started.result.wait_for(std::chrono::seconds(10)), std::future_status::ready);
        const auto report = started.result.get();
        ASSERT_FALSE(report);
        EXPECT_EQ(report.error().code, "ClientClosedRequest") << report.error().message();
    }
    /// Every slot that was built is ready, or has been destroyed.
    static bool has_no_slot_in_use() {
        for (const PoolState& pool : engine->describe().pools)
            if (pool.busy != 0 || pool.building != 0 || pool.built != pool.destroyed + pool.ready) return false;
        return true;
    }

    static inline test::TestEngine* engine = nullptr;
};

TEST_F(RealEngine, RunsAnExecutableInAPooledSlotAndGivesItTheEvent) {
    RunRequest request;
    request.program = read_all(std::string(test::kTestProgramsDir) + "/count_bytes");
    ASSERT_FALSE(request.program.empty());
    request.event = std::string(100'000, 'x');
    request.slot = SlotKind::Pooled;
    const RunReport report = run(request);
    EXPECT_EQ(report.outcome, RunOutcome::Exited);
    EXPECT_EQ(report.code, 0);
    EXPECT_EQ(report.start, StartKind::Exec);
    EXPECT_EQ(report.slot, SlotKind::Pooled);
    EXPECT_NE(report.output.find("100000"), std::string::npos) << report.output << report.log;
}

TEST_F(RealEngine, RunsAScriptByItsFirstLine) {
    RunRequest request;
    request.program = "#!/bin/sh\nread line\necho \"$GREETING $1 $line\"\nexit 7\n";
    request.arguments = {"dear"};
    request.environment = {{"GREETING", "hello"}};
    request.event = "reader\n";
    request.slot = SlotKind::Fresh;
    const RunReport report = run(request);
    EXPECT_EQ(report.output, "hello dear reader\n") << report.log;
    EXPECT_EQ(report.code, 7);
    EXPECT_EQ(report.slot, SlotKind::Fresh);
}

TEST_F(RealEngine, RunsPythonByExecAndByZygoteAlike) {
    const std::string program =
        "import sys, os\nprint(sys.stdin.read().upper(), sys.argv[1:], os.environ['A'], os.getuid())\nsys.exit(3)\n";
    for (const StartKind start : {StartKind::Exec, StartKind::Zygote}) {
        for (const SlotKind slot : {SlotKind::Fresh, SlotKind::Pooled}) {
            RunRequest request = python(program, start, slot);
            request.arguments = {"one", "two"};
            request.environment = {{"A", "b"}};
            request.event = "event";
            const RunReport report = run(request);
            EXPECT_EQ(report.output, "EVENT ['one', 'two'] b 1000\n") << report.log;
            EXPECT_EQ(report.outcome, RunOutcome::Exited);
            EXPECT_EQ(report.code, 3);
            EXPECT_EQ(report.start, start);
            EXPECT_EQ(report.slot, slot);
        }
    }
}

TEST_F(RealEngine, KillsAProgramAtItsTimeout) {
    for (const StartKind start : {StartKind::Exec, StartKind::Zygote}) {
        RunRequest request = python("import time\nprint('up', flush=True)\ntime.sleep(60)\n", start);
        request.limits.timeout = Millis(300);
        const auto before = std::chrono::steady_clock::now();
        const RunReport report = run(request);
        EXPECT_EQ(report.outcome, RunOutcome::TimedOut);
        EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(5));
        EXPECT_EQ(report.output, "up\n");
    }
}

TEST_F(RealEngine, EndsAProgramThatReachesItsMemory) {
    for (const StartKind start : {StartKind::Exec, StartKind::Zygote}) {
        RunRequest request = python("hold = []\nwhile True: hold.append(b'x' * (1 << 20))\n", start);
        request.limits.memory = mebibytes(48);
        request.limits.timeout = Millis(20'000);
        const RunReport report = run(request);
        EXPECT_EQ(report.outcome, RunOutcome::OutOfMemory) << name_of(report.outcome) << report.log;
        EXPECT_GT(report.peak_memory, mebibytes(32));
        EXPECT_LE(report.peak_memory, mebibytes(48));
    }
}

TEST_F(RealEngine, LeavesNoProcessOfAProgramBehind) {
    for (const StartKind start : {StartKind::Exec, StartKind::Zygote}) {
        RunRequest request = python(
            "import os, time\nif os.fork() == 0:\n    time.sleep(1000)\nprint('gone', flush=True)\nos._exit(0)\n",
            start);
        request.limits.timeout = Millis(10'000);
        const RunReport report = run(request);
        EXPECT_EQ(report.outcome, RunOutcome::Exited);
        EXPECT_EQ(report.output, "gone\n");
        EXPECT_LT(report.total, std::chrono::seconds(5));
    }
}

constexpr char kSleeper[] = R"(
import ctypes, os, time
ctypes.CDLL(None).prctl(15, b"hotcell-sleeper")
os.fork()
time.sleep(500)
)";

TEST_F(RealEngine, EndsARunWhoseCallerHasGone) {
    for (const StartKind start : {StartKind::Exec, StartKind::Zygote}) {
        for (const SlotKind slot : {SlotKind::Fresh, SlotKind::Pooled}) {
            RunRequest request = python(kSleeper, start, slot);
            request.limits.timeout = Millis(300'000);
            const RunRequest other = python("import sys\nprint(sys.stdin.read())\n", start, slot);
            Started sleeper = begin(std::move(request));
            ASSERT_TRUE(test::eventually([] { return test::processes_named("hotcell-sleeper").size() == 2; }));
            engine->cancel(sleeper.number);
            expect_cancelled(std::move(sleeper));
            EXPECT_TRUE(test::eventually([] { return test::processes_named("hotcell-sleeper").empty(); }));
            EXPECT_TRUE(test::eventually(has_no_slot_in_use));
            EXPECT_EQ(run(other).code, 0) << "and no other run";
        }
    }
}

TEST_F(RealEngine, EndsARunWhoseCallerHasGoneBeforeItRuns) {
    const std::uint64_t failed = engine->describe().failed_starts;
    for (const StartKind start : {StartKind::Exec, StartKind::Zygote}) {
        for (const SlotKind slot : {SlotKind::Fresh, SlotKind::Pooled}) {
            // a program that is not in the store yet has to be put there first
            const std::string once = "# " + std::string(name_of(start)) + std::string(name_of(slot)) + "\n";
            for (int i = 0; i < 2; ++i) {
                RunRequest request = python(once + kSleeper, start, slot);
                request.limits.timeout = Millis(300'000);
                Started sleeper = begin(std::move(request));
                engine->cancel(sleeper.number);
                expect_cancelled(std::move(sleeper));
            }
        }
    }
    EXPECT_TRUE(test::eventually([] { return test::processes_named("hotcell-sleeper").empty(); }));
    EXPECT_TRUE(test::eventually(has_no_slot_in_use));
    EXPECT_EQ(engine->describe().failed_starts, failed);
}

TEST_F(RealEngine, SaysWhichSignalEndedAProgram) {
    for (const StartKind start : {StartKind::Exec, StartKind::Zygote}) {
        const RunReport report = run(python("import os\nos.abort()\n", start));
        EXPECT_EQ(report.outcome, RunOutcome::Signalled);
        EXPECT_EQ(report.code, 6);
    }
}

TEST_F(RealEngine, RefusesAFileThatIsNoProgram) {
    RunRequest request;
    request.program = "neither a binary nor a script";
    const auto report = engine->run(request);
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().kind, ErrorKind::InvalidArgument) << report.error().message();
}

TEST_F(RealEngine, RunsManyAtOnce) {
    std::vector<std::future<Result<RunReport>>> results;
    for (int i = 0; i < 24; ++i) {
        auto promise = std::make_shared<std::promise<Result<RunReport>>>();
        results.push_back(promise->get_future());
        RunRequest request =
            python("import sys\nprint(int(sys.stdin.read()) ** 2)\n", i % 2 == 0 ? StartKind::Zygote : StartKind::Exec);
        request.event = std::to_string(i);
        request.limits.timeout = Millis(20'000);
        engine->run(std::move(request), [promise](Result<RunReport> report) { promise->set_value(std::move(report)); });
    }
    for (int i = 0; i < 24; ++i) {
        const auto report = results[static_cast<std::size_t>(i)].get();
        ASSERT_TRUE(report) << report.error().message();
        EXPECT_EQ(report->output, std::to_string(i * i) + "\n") << report->log;
    }
}

TEST_F(RealEngine, PhasesFollowEachOtherWithoutAGap) {
    RunRequest request = python("print(1)\n", StartKind::Zygote, SlotKind::Pooled);
    const RunReport report = run(request);
    Nanos sum{};
    std::string names;
    for (const Phase& phase : report.phases) {
        if (phase.name.find('.') != std::string::npos) continue;
        sum += phase.duration;
        names += phase.name + " ";
    }
    EXPECT_EQ(names, "queue admission sandbox code runtime handler respond ");
    EXPECT_EQ(sum, report.total);
}

}  // namespace
}  // namespace hotcell
