// The program `hotcell` against a real server whose service runs nothing: what it sends, prints and returns.
#include "tests/api/command_line.h"

namespace hotcell::api {

namespace {

class CommandLine : public CommandLineTest {
protected:
    void SetUp() override {
        start();
        script_ = directory_ + "/program.py";
        std::ofstream(script_) << "print('hello')\n";
    }
    void answer(RunOutcome outcome, int code, std::string output = "", std::string log = "") {
        service_.answer_ = [=](const RunRequest&) {
            RunReport report;
            report.outcome = outcome;
            report.code = code;
            report.output = output;
            report.log = log;
            report.phases = {{"sandbox", Nanos(1'930'000)}, {"sandbox.mount-proc", Nanos(60'000)}};
            return report;
        };
    }

    std::string script_;
};

TEST_F(CommandLine, SendsWhatItWasTold) {
    std::ofstream(directory_ + "/event") << "from a file";
    const auto ended = hotcell("run --event @" + directory_ +
                               "/event --env A=1 --env B=x=y --memory 64MiB --timeout 2s"
                               " --start exec --slot fresh --processes 9 --max-output 1KiB " +
                               script_ + " -- -n 3");
    EXPECT_EQ(ended.status, 0) << ended.err;
    EXPECT_EQ(ended.out, "from a file");
    const auto asked = service_.requests().at(0);
    EXPECT_EQ(asked.runtime, "python3");
    EXPECT_EQ(asked.program, "print('hello')\n");
    EXPECT_EQ(asked.arguments, (std::vector<std::string>{"-n", "3"}));
    EXPECT_EQ(asked.environment, (std::map<std::string, std::string>{{"A", "1"}, {"B", "x=y"}}));
    EXPECT_EQ(asked.limits.memory, mebibytes(64));
    EXPECT_EQ(asked.limits.timeout, Millis(2000));
    EXPECT_EQ(asked.limits.processes, 9u);
    EXPECT_EQ(asked.limits.output, kibibytes(1));
    EXPECT_EQ(asked.start, StartKind::Exec);
    EXPECT_EQ(asked.slot, SlotKind::Fresh);
}

TEST_F(CommandLine, PassesTheProgramsEndThrough) {
    const struct {
        RunOutcome outcome;
        int code;
        int status;
    } kEnds[] = {{RunOutcome::Exited, 0, 0},
                 {RunOutcome::Exited, 7, 7},
                 {RunOutcome::Signalled, 11, 139},
                 {RunOutcome::TimedOut, 9, 124},
                 {RunOutcome::OutOfMemory, 9, 137}};
    for (const auto& end : kEnds) {
        answer(end.outcome, end.code);
        EXPECT_EQ(hotcell("run " + script_).status, end.status) << name_of(end.outcome);
    }
}

TEST_F(CommandLine, KeepsOutputAndLogApartAndWhole) {
    const std::string bytes("\x00\xff\xfe text\n\x80", 10);
    answer(RunOutcome::Exited, 0, bytes, "a line of the log\n");
    const auto ended = hotcell("run --phases " + script_);
    EXPECT_EQ(ended.out, bytes);
    EXPECT_TRUE(ended.err.starts_with("a line of the log\n")) << ended.err;
    EXPECT_NE(ended.err.find("sandbox                                   1930.0"), std::string::npos) << ended.err;
    EXPECT_NE(ended.err.find("  sandbox.mount-proc"), std::string::npos) << ended.err;
}

TEST_F(CommandLine, ReadsTheEventFromStandardInput) {
    EXPECT_EQ(hotcell("run --event - " + script_ + " </proc/sys/kernel/ostype").out, "Linux\n");
    EXPECT_EQ(hotcell("run -e 'just text' " + script_).out, "just text");
}

TEST_F(CommandLine, TellsErrorsInFourParts) {
    const auto refused = hotcell("run --memory 1KiB " + script_);
    EXPECT_EQ(refused.status, 125);
    EXPECT_TRUE(refused.err.starts_with("error: memory: must be a size in 4MiB..3GiB, not \"1KiB\"\n")) << refused.err;
    EXPECT_NE(refused.err.find("request: "), std::string::npos);
    const auto as_json = hotcell("run --memory 1KiB -o json " + script_);
    EXPECT_TRUE(as_json.err.starts_with(R"({"error":{"code":"InvalidArgument","message":"memory: )")) << as_json.err;
    EXPECT_EQ(hotcell("run /nonexistent.py").status, 127);
    EXPECT_EQ(hotcell("run --event @/nonexistent " + script_).status, 127);
    EXPECT_EQ(hotcell("run " + directory_).status, 126);
    EXPECT_EQ(hotcell("run").status, 125);
    EXPECT_EQ(hotcell("stats").status, 2);
    EXPECT_EQ(hotcell("--host ftp://x status").status, 2);
    EXPECT_EQ(hotcell("--host unix:///nonexistent status").status, 7);
}

TEST_F(CommandLine, ShowsTheEngineAndTheMachine) {
    service_.description_.pools = {{"python3", "zygote", 4, 0, 1, 5, 0, 0}};
    const auto status = hotcell("status");
    EXPECT_EQ(status.status, 0);
    EXPECT_NE(status.out.find("ready, instance test"), std::string::npos) << status.out;
    EXPECT_NE(status.out.find("python3       zygote"), std::string::npos) << status.out;
    EXPECT_NE(hotcell("version").out.find("server  0.1.0"), std::string::npos);
    EXPECT_TRUE(hotcell("status -o json").out.starts_with(R"({"version":"0.1.0")"));
    const auto doctor = hotcell("doctor", "HOTCELL_HOST=unix:///nonexistent");
    EXPECT_NE(doctor.out.find("landlock"), std::string::npos) << doctor.out << doctor.err;
    EXPECT_NE(doctor.out.find("seccomp"), std::string::npos);
}

}  // namespace

}  // namespace hotcell::api
