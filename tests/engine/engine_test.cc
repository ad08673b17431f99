// The engine's own work over a stand-in for the privileged helper: ends, limits, refusals, and helpers that go wrong.
// Needs root only because Engine::prepare does; nothing here is confined.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "engine/linux/files/files.h"
#include "hotcell/engine.h"
#include "tests/support/build_paths.h"
#include "tests/support/requires.h"

namespace hotcell {
namespace {

using Clock = std::chrono::steady_clock;

class EngineTest : public ::testing::Test {
protected:
    void SetUp() override {
        HOTCELL_REQUIRES(::hotcell::testing::root());
        char name[] = "/tmp/hotcell-engine-XXXXXX";
        directory = ::mkdtemp(name);
        options.state_dir = directory + "/state";
        options.run_dir = directory + "/run";
        options.libexec_dir = test::kFakeWardenDir;
        // a shim cannot boot where nothing is: runtimes that are kept booted stay out
        options.runtimes_dir = directory + "/runtimes";
        for (const char* part : {"/runtimes/custom", "/runtimes/python3", "/rootfs"}) {
            std::filesystem::create_directories(directory + part);
            std::filesystem::copy(std::string(test::kShimsDir) + "/.." + part, directory + part,
                                  std::filesystem::copy_options::recursive);
        }
        never_boot(options.runtimes_dir + "/python3/manifest.json");
        options.shims_dir = test::kShimsDir;
        options.pooled_slots = 1;
    }
    static void never_boot(const std::string& manifest) {
        std::ifstream in(manifest);
        std::string text{std::istreambuf_iterator<char>(in), {}};
        const std::string prepared = R"("prepared": true)";
        const auto at = text.find(prepared);
        ASSERT_NE(at, text.npos);
        std::ofstream(manifest) << text.replace(at, prepared.size(), R"("prepared": false)");
    }
    void TearDown() override {
        engine.reset();
        if (!directory.empty()) linux::remove_tree(directory);
    }

    Engine& open() {
        auto opened = Engine::open(options);
        EXPECT_TRUE(opened) << opened.error().message();
        engine = std::make_unique<Engine>(std::move(opened).value());
        return *engine;
    }
    void behave(const std::string& words) {
        std::filesystem::create_directories(options.run_dir);
        std::ofstream(options.run_dir + "/behaviour") << words;
    }
    static RunRequest script(const std::string& body) {
        RunRequest request;
        request.program = "#!/bin/sh\n" + body;
        request.limits.timeout = Millis(20'000);
        return request;
    }
    static RunRequest python(const std::string& program) {
        RunRequest request;
        request.runtime = "python3";
        request.program = "#!/usr/bin/python3.11\n" + program;
        request.start = StartKind::Zygote;
        request.limits.timeout = Millis(20'000);
        return request;
    }
    RunReport run(RunRequest request) {
        auto report = engine->run(std::move(request));
        EXPECT_TRUE(report) << report.error().message();
        return report ? *report : RunReport{};
    }
    Error refused(RunRequest request) {
        auto report = engine->run(std::move(request));
        EXPECT_FALSE(report);
        return report ? Error{} : report.error();
    }
    std::future<Result<RunReport>> start(RunRequest request) {
        auto promise = std::make_shared<std::promise<Result<RunReport>>>();
        auto result = promise->get_future();
        engine->run(std::move(request), [promise](Result<RunReport> report) { promise->set_value(std::move(report)); });
        return result;
    }
    /// Waits until the fact holds; the engine's state is asked for, not slept for.
    template <class Fact>
    static bool eventually(Fact fact) {
        const auto until = Clock::now() + std::chrono::seconds(20);
        while (!fact())
            if (Clock::now() > until) return false;
        return true;
    }

    std::string directory;
    EngineOptions options;
    std::unique_ptr<Engine> engine;
};

TEST_F(EngineTest, GivesEventArgumentsAndVariablesAndTakesOutputAndStatus) {
    open();
    RunRequest request = script("cat; echo \"$1 $NAME\" >&2; exit 9\n");
    request.event = std::string(300'000, 'e');
    request.arguments = {"argument"};
    request.environment = {{"NAME", "value"}};
    const RunReport report = run(request);
    EXPECT_EQ(report.outcome, RunOutcome::Exited);
    EXPECT_EQ(report.code, 9);
    EXPECT_EQ(report.output, request.event);
    EXPECT_EQ(report.log, "argument value\n");
    EXPECT_EQ(report.peak_memory, Bytes{12345678});
    EXPECT_EQ(report.request_id.size(), 36u);
}

TEST_F(EngineTest, TheCallsVariableReplacesTheRuntimes) {
    open();
    RunRequest request = script("echo \"$HOME $LANG\"\n");
    request.environment = {{"HOME", "/elsewhere"}};
    EXPECT_EQ(run(request).output, "/elsewhere C.UTF-8\n");
}

TEST_F(EngineTest, DropsOutputBeyondItsCapAndLetsTheProgramEnd) {
    open();
    RunRequest request = script("head -c 3000000 /dev/zero; head -c 2000 /dev/zero >&2; exit 4\n");
    request.limits.output = Bytes{1'000'000};
    request.limits.log = Bytes{1'000};
    const RunReport report = run(request);
    EXPECT_EQ(report.code, 4);
    EXPECT_EQ(report.output.size(), 1'000'000u);
    EXPECT_TRUE(report.output_truncated);
    EXPECT_EQ(report.log.size(), 1'000u);
    EXPECT_TRUE(report.log_truncated);
}

TEST_F(EngineTest, OutputOfExactlyTheCapIsNotTruncated) {
    open();
    RunRequest request = script("printf 12345\n");
    request.limits.output = Bytes{5};
    const RunReport report = run(request);
    EXPECT_EQ(report.output, "12345");
    EXPECT_FALSE(report.output_truncated);
}

TEST_F(EngineTest, AProgramThatDoesNotReadItsEventEndsAllTheSame) {
    open();
    RunRequest request = script("exit 5\n");
    request.event = std::string(2'000'000, 'e');
    EXPECT_EQ(run(request).code, 5);
}

TEST_F(EngineTest, TimesOutWithWhatWasWrittenBefore) {
    open();
    RunRequest request = script("echo before; exec sleep 100\n");
    request.limits.timeout = Millis(200);
    const auto before = Clock::now();
    const RunReport report = run(request);
    EXPECT_EQ(report.outcome, RunOutcome::TimedOut);
    EXPECT_EQ(report.output, "before\n");
    EXPECT_LT(Clock::now() - before, std::chrono::seconds(2));
}

TEST_F(EngineTest, EndsAtTheFirstProcessEndAndKillsTheOthers) {
    open();
    const RunReport report = run(script("sleep 100 & echo first\n"));
    EXPECT_EQ(report.outcome, RunOutcome::Exited);
    EXPECT_EQ(report.output, "first\n");
    EXPECT_LT(report.total, std::chrono::seconds(2));
}

TEST_F(EngineTest, TellsTheSignal) {
    open();
    const RunReport report = run(script("kill -SEGV $$\n"));
    EXPECT_EQ(report.outcome, RunOutcome::Signalled);
    EXPECT_EQ(report.code, SIGSEGV);
}

TEST_F(EngineTest, AnOomKillInTheGroupsFileIsOutOfMemory) {
    open();
    behave("oom-count");
    const RunReport report = run(script("kill -9 $$\n"));
    EXPECT_EQ(report.outcome, RunOutcome::OutOfMemory);
}

TEST_F(EngineTest, AnOomEventKillsTheProgram) {
    open();
    behave("oom-event");
    const auto before = Clock::now();
    const RunReport report = run(script("sleep 100\n"));
    EXPECT_EQ(report.outcome, RunOutcome::OutOfMemory);
    EXPECT_LT(Clock::now() - before, std::chrono::seconds(5));
}

TEST_F(EngineTest, WhatCannotBeExecutedIsTheCallersError) {
    open();
    RunRequest request;
    request.program =
        "\x7f"
        "ELF but no more";
    const Error error = refused(request);
    EXPECT_EQ(error.kind, ErrorKind::InvalidArgument);
    EXPECT_EQ(error.sys, ENOEXEC);
    EXPECT_NE(error.message().find("child-exec"), std::string::npos) << error.message();
}

TEST_F(EngineTest, RefusesValuesOutOfRuleByName) {
    open();
    const auto with = [](auto change) {
        RunRequest request = script("exit 0\n");
        change(request);
        return request;
    };
    const std::vector<std::pair<std::string, RunRequest>> cases = {
        {"limits.memory", with([](RunRequest& r) { r.limits.memory = mebibytes(3); })},
        {"limits.memory", with([](RunRequest& r) { r.limits.memory = mebibytes(3073); })},
        {"limits.tmp", with([](RunRequest& r) { r.limits.tmp = mebibytes(65); })},
        {"limits.processes", with([](RunRequest& r) { r.limits.processes = 0; })},
        {"limits.timeout", with([](RunRequest& r) { r.limits.timeout = Millis(0); })},
        {"limits.timeout", with([](RunRequest& r) { r.limits.timeout = Millis(-1); })},
        {"program", with([](RunRequest& r) { r.program.clear(); })},
        {"arguments", with([](RunRequest& r) { r.arguments = {std::string("a\0b", 3)}; })},
        {"arguments", with([](RunRequest& r) { r.arguments = {std::string(200'000, 'a')}; })},
        {"environment", with([](RunRequest& r) {
             r.environment = {{"A=B", "c"}};
         })},
        {"start", with([](RunRequest& r) { r.start = StartKind::Zygote; })},
        {"slot", with([](RunRequest& r) {
             r.slot = SlotKind::Pooled;
             r.limits.processes = 65;
         })},
    };
    for (const auto& [field, request] : cases) {
        const Error error = refused(request);
        EXPECT_EQ(error.kind, ErrorKind::InvalidArgument) << field;
        EXPECT_TRUE(error.doing.starts_with(field)) << error.message();
    }
    EXPECT_EQ(refused(with([](RunRequest& r) { r.runtime = "cobol"; })).kind, ErrorKind::NotFound);
}

TEST_F(EngineTest, RefusesMoreCallsThanMayRun) {
    options.concurrent_runs = 2;
    open();
    auto one = start(script("read line\n"));
    RunRequest waiting = script("sleep 100\n");
    waiting.limits.timeout = Millis(1500);
    auto two = start(waiting);
    auto three = start(waiting);
    auto four = start(waiting);
    int exhausted = 0;
    for (auto* result : {&one, &two, &three, &four}) {
        const auto report = result->get();
        if (!report) exhausted += report.error().kind == ErrorKind::Exhausted ? 1 : 0;
    }
    EXPECT_EQ(exhausted, 2);
    EXPECT_EQ(run(script("exit 0\n")).code, 0);
}

TEST_F(EngineTest, RefusesMoreMemoryThanTheBudget) {
    options.memory_budget = mebibytes(200);
    open();
    RunRequest request = script("exit 0\n");
    request.limits.memory = mebibytes(256);
    const Error error = refused(request);
    EXPECT_EQ(error.kind, ErrorKind::Exhausted);
    EXPECT_NE(error.message().find("memory_budget"), std::string::npos);
}

TEST_F(EngineTest, TakesAPooledSlotAndRefills) {
    open();
    ASSERT_TRUE(eventually([&] { return engine->is_ready(); }));
    for (int i = 0; i < 10; ++i) {
        RunRequest request = script("exit 0\n");
        request.slot = SlotKind::Pooled;
        EXPECT_EQ(run(request).slot, SlotKind::Pooled);
    }
    EXPECT_TRUE(eventually([&] {
        for (const PoolState& pool : engine->describe().pools)
            if (pool.ready != 1 || pool.busy != 0) return false;
        return true;
    }));
}

TEST_F(EngineTest, BuildsForTheCallWhenThePoolIsEmptyOrDoesNotFit) {
    open();
    RunRequest request = script("exit 0\n");
    request.limits.tmp = mebibytes(1);
    const RunReport report = run(request);
    EXPECT_EQ(report.slot, SlotKind::Fresh);
    bool told = false;
    for (const Phase& phase : report.phases) told = told || phase.name == "sandbox.mount-proc";
    EXPECT_TRUE(told);
}

TEST_F(EngineTest, ForksByTheZygote) {
    open();
    RunRequest request = python("import sys\nprint(sys.stdin.read()[::-1])\n");
    request.event = "abc";
    const RunReport report = run(request);
    EXPECT_EQ(report.output, "cba\n") << report.log;
    EXPECT_EQ(report.start, StartKind::Zygote);
}

TEST_F(EngineTest, FindsTheEndOfAChildThatWasReportedBeforeItsFork) {
    open();
    behave("answer-fork-late");
    for (int i = 0; i < 5; ++i) EXPECT_EQ(run(python("raise SystemExit(6)\n")).code, 6);
}

TEST_F(EngineTest, ReplacesAForkerThatDied) {
    open();
    behave("end-forker");
    const Error error = refused(python("raise SystemExit(6)\n"));
    EXPECT_EQ(error.kind, ErrorKind::Broken);
    EXPECT_NE(error.message().find("forker"), std::string::npos) << error.message();
    behave("");
    EXPECT_EQ(run(python("raise SystemExit(6)\n")).code, 6);
    EXPECT_EQ(run(script("exit 8\n")).code, 8);
}

TEST_F(EngineTest, LosesNoCallWhileAForkerIsReplacedAfterManyChildren) {
    open();
    RunRequest request = python("");
    request.program = "#!/bin/sh\nexit 6\n";
    for (int i = 0; i < 520; ++i) ASSERT_EQ(run(request).code, 6) << i;
    std::uint64_t destroyed = 0;
    EXPECT_TRUE(eventually([&] {
        destroyed = 0;
        std::uint64_t built = 0;
        std::uint64_t ready = 0;
        for (const PoolState& pool : engine->describe().pools) {
            destroyed += pool.destroyed;
            built += pool.built;
            ready += pool.ready;
        }
        return built == destroyed + ready;
    }));
    EXPECT_GT(destroyed, 520u) << "the pooled slots of the old forker go with it";
}

TEST_F(EngineTest, IgnoresEndsOfStrangers) {
    open();
    behave("noise");
    EXPECT_EQ(run(python("raise SystemExit(6)\n")).code, 6);
    EXPECT_EQ(run(script("exit 8\n")).code, 8);
}

TEST_F(EngineTest, EndsACallWhoseEndIsNeverTold) {
    open();
    behave("mute-ends");
    RunRequest request = script("sleep 100\n");
    request.limits.timeout = Millis(100);
    const RunReport report = run(request);
    EXPECT_EQ(report.outcome, RunOutcome::TimedOut);
    EXPECT_LT(report.total, std::chrono::seconds(5));
}

TEST_F(EngineTest, SaysWhichStepOfABuildFailedAndRecovers) {
    behave("fail-slots");
    open();
    const Error error = refused(script("exit 0\n"));
    EXPECT_EQ(error.kind, ErrorKind::Broken);
    EXPECT_NE(error.message().find("mount-proc: EPERM"), std::string::npos) << error.message();
    EXPECT_FALSE(engine->is_ready());
    behave("");
    EXPECT_EQ(run(script("exit 3\n")).code, 3);
    EXPECT_TRUE(eventually([&] { return engine->is_ready(); }));
}

TEST_F(EngineTest, SaysThatAttachingFailed) {
    open();
    behave("fail-attach");
    const Error error = refused(script("exit 0\n"));
    EXPECT_EQ(error.kind, ErrorKind::Broken);
    EXPECT_NE(error.message().find("open-code"), std::string::npos) << error.message();
}

TEST_F(EngineTest, BreaksOnceWhenTheHelperDies) {
    open();
    std::promise<Error> told;
    engine->on_broken([&](Error error) { told.set_value(std::move(error)); });
    ASSERT_TRUE(eventually([&] { return engine->is_ready(); }));
    behave("die-on-attach");
    EXPECT_EQ(refused(script("exit 0\n")).kind, ErrorKind::Broken);
    EXPECT_EQ(told.get_future().get().kind, ErrorKind::Broken);
    EXPECT_FALSE(engine->is_ready());
    EXPECT_EQ(refused(script("exit 0\n")).kind, ErrorKind::Broken);
    bool late = false;
    engine->on_broken([&](Error) { late = true; });
    EXPECT_TRUE(late);
}

TEST_F(EngineTest, DoesNotOpenOverAHelperThatRefuses) {
    behave("refuse-hello");
    const auto opened = Engine::open(options);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, ErrorKind::Kernel);
    EXPECT_NE(opened.error().message().find("this kernel will not do"), std::string::npos);
}

TEST_F(EngineTest, ASecondEngineOnTheSameRunDirectoryIsAConflict) {
    open();
    const auto second = Engine::open(options);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::Conflict);
}

TEST_F(EngineTest, NamesAMissingHelper) {
    options.libexec_dir = directory;
    const auto opened = Engine::open(options);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, ErrorKind::NotFound);
}

TEST_F(EngineTest, DrainWaitsForRunningCallsThenRefuses) {
    open();
    auto running = start(script("sleep 0.3; echo done\n"));
    engine->drain(Millis(10'000));
    const auto report = running.get();
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(report->output, "done\n");
    EXPECT_EQ(refused(script("exit 0\n")).kind, ErrorKind::Exhausted);
    for (const PoolState& pool : engine->describe().pools) EXPECT_EQ(pool.busy, 0u);
}

TEST_F(EngineTest, DrainEndsCallsThatOutlastItsPatience) {
    open();
    auto running = start(script("sleep 100\n"));
    const auto before = Clock::now();
    engine->drain(Millis(100));
    EXPECT_LT(Clock::now() - before, std::chrono::seconds(5));
    const auto report = running.get();
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().kind, ErrorKind::Broken);
}

TEST_F(EngineTest, KeepsProgramsByContentOverLives) {
    open();
    EXPECT_EQ(run(script("exit 1\n")).code, 1);
    EXPECT_EQ(run(script("exit 1\n")).code, 1);
    EXPECT_EQ(linux::list_directory(options.state_dir + "/code").value().size(), 1u);
    engine.reset();
    open();
    EXPECT_EQ(run(script("exit 1\n")).code, 1);
    EXPECT_EQ(linux::list_directory(options.state_dir + "/code").value().size(), 1u);
}

TEST_F(EngineTest, TakesCallsFromManyThreads) {
    options.concurrent_runs = 256;
    open();
    std::vector<std::future<int>> threads;
    for (int thread = 0; thread < 4; ++thread)
        threads.push_back(std::async(std::launch::async, [&, thread] {
            int right = 0;
            for (int i = 0; i < 20; ++i) {
                RunRequest request = script("read n; exit $n\n");
                request.event = std::to_string(thread * 20 + i) + "\n";
                const auto report = engine->run(request);
                right += report && report->code == thread * 20 + i ? 1 : 0;
            }
            return right;
        }));
    for (auto& thread : threads) EXPECT_EQ(thread.get(), 20);
}

TEST_F(EngineTest, LeavesOutARuntimeThatIsNotInstalledAndSaysSo) {
    std::filesystem::create_directory(options.runtimes_dir + "/absent");
    std::ofstream(options.runtimes_dir + "/absent/manifest.json")
        << R"({"name": "absent", "names": ["absent1"], "programFile": "main", "exec": ["/nowhere/absent"],
              "function": {"shim": ["/nowhere/absent"], "environment": {}, "prepared": true}, "environment": {}})";
    std::mutex mutex;
    std::string said;
    options.log = [&](std::string_view line) {
        const std::scoped_lock lock(mutex);
        said += line;
    };
    Engine& one = open();
    EXPECT_EQ(one.describe().runtimes, (std::vector<std::string>{"custom", "python3"}));
    const std::scoped_lock lock(mutex);
    EXPECT_NE(said.find("runtime absent is left out: /nowhere/absent is not installed"), std::string::npos) << said;
}

}  // namespace
}  // namespace hotcell
