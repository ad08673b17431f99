// A shim in a real slot: exec'ed, or forked off the zygote, it becomes a function environment.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/linux/raw/calls.h"
#include "engine/linux/raw/fd_passing.h"
#include "tests/shims/frames.h"
#include "tests/support/requires.h"
#include "tests/support/warden_process.h"

namespace hotcell::test {
namespace {

using protocol::FdRole;

constexpr char kPython[] =
    "import os\n"
    "count = 0\n"
    "def handler(event, context):\n"
    "    global count\n"
    "    count += 1\n"
    "    print('call', count)\n"
    "    return [event.decode(), count, context.request_id, os.getuid(), os.environ.get('A'), os.getcwd()]\n";
constexpr char kNodejs[] =
    "let count = 0;\n"
    "exports.handler = async (event, context) => {\n"
    "  process.stdout.write(`call ${++count}\\n`);\n"
    "  return [`${event}`, count, context.requestId, process.getuid(), process.env.A, process.cwd()];\n};\n";

// as runtimes/nodejs/manifest.json has it
const std::vector<std::string> kNode = {"/usr/bin/node", "--initial-old-space-size=16", "--max-semi-space-size=8",
                                        "/hotcell/nodejs/shim.js"};

testing::Missing node() {
    if (::access("/usr/bin/node", X_OK) == 0) return std::nullopt;
    return "needs /usr/bin/node (package nodejs)";
}

class ShimInASlot : public ::testing::Test {
protected:
    void send(int fd, const std::string& bytes) { ASSERT_GE(linux::raw::write_all(fd, bytes.data(), bytes.size()), 0); }
    /// The first frame, with the pipes of a shim.
    void send_with_pipes(const BuiltSandbox& slot, const std::string& bytes) {
        int calls[2], answers[2];
        ASSERT_EQ(::pipe2(calls, O_CLOEXEC), 0);
        ASSERT_EQ(::pipe2(answers, O_CLOEXEC), 0);
        calls_ = linux::UniqueFd(calls[1]);
        answers_ = linux::UniqueFd(answers[0]);
        const linux::UniqueFd theirs[] = {linux::UniqueFd(calls[0]), linux::UniqueFd(answers[1])};
        const int fds[] = {theirs[0].get(), theirs[1].get()};
        ASSERT_EQ(linux::raw::send_some_with_fds(slot.fd(FdRole::Channel), bytes.data(), bytes.size(), fds, 2),
                  static_cast<long>(bytes.size()));
    }

    void exec(const BuiltSandbox& slot, const std::vector<std::string>& arguments) {
        std::string strings;
        for (const std::string& argument : arguments) strings += argument + '\0';
        strings += std::string("PATH=/usr/bin:/bin") + '\0';
        const hc_run run{static_cast<std::uint32_t>(arguments.size()), 1};
        const std::string payload = std::string(reinterpret_cast<const char*>(&run), sizeof run) + strings;
        const hc_frame head{static_cast<std::uint32_t>(payload.size()), HC_FRAME_RUN, 0, 1};
        send_with_pipes(slot, std::string(reinterpret_cast<const char*>(&head), sizeof head) + payload);
    }

    static std::string load_frame() {
        const std::string payload = load_payload("index.handler", "", R"({"A": "b", "PATH": "/usr/bin:/bin"})");
        return frame(HC_FRAME_LOAD, payload, static_cast<std::uint32_t>(payload.size()));
    }

    Answer call(std::uint64_t request, const std::string& event) {
        send(calls_.get(), invoke_frame(request, HC_CALL_HANDLER, context_of("rid"), event));
        return receive_answer(answers_.get());
    }

    std::string take(int fd) {
        char part[4096];
        const ssize_t n = ::read(fd, part, sizeof part);
        return {part, static_cast<std::size_t>(std::max<ssize_t>(n, 0))};
    }

    /// Two calls, their output, and the end that follows the channel's.
    void expect_environment(BuiltSandbox& slot, const BuiltSandbox& status_of, const std::string& comma) {
        const std::string rest = comma + "\"rid\"" + comma + "1000" + comma + "\"b\"" + comma + "\"/code\"]";
        for (const char* count : {"1", "2"}) {
            const Answer answer = call(77, "h\u00e9");
            ASSERT_TRUE(answer.is_result()) << answer << take(slot.fd(FdRole::Stderr));
            EXPECT_EQ(answer.request, 77u);
            const std::string event = comma == "," ? "[\"h\u00e9\"" : "[\"h\\u00e9\"";
            EXPECT_EQ(answer.payload, event + comma + count + rest);
            const std::string out = take(slot.fd(FdRole::Stdout));
            EXPECT_TRUE(out.ends_with(std::string("call ") + count + "\n")) << out;
        }
        calls_.reset();
        protocol::ExitReport report{};
        pollfd entry{status_of.fd(FdRole::Status), POLLIN, 0};
        ASSERT_EQ(::poll(&entry, 1, 10'000), 1) << "it ends with the channel";
        ASSERT_EQ(::recv(entry.fd, &report, sizeof report, 0), static_cast<ssize_t>(sizeof report));
        EXPECT_TRUE(WIFEXITED(report.status) && WEXITSTATUS(report.status) == 0) << report.status;
    }

    void expect_exec(const std::vector<std::string>& shim, const std::string& file, const std::string& source,
                     const std::string& comma) {
        const auto domain = warden.build_domain(1);
        auto slot = warden.build_slot(domain, true, 128 << 20);
        ASSERT_TRUE(slot.ok());
        ASSERT_TRUE(warden.wait_ready(slot, 0));
        exec(slot, shim);
        ASSERT_EQ(receive_answer(answers_.get()).type, HC_FRAME_READY) << take(slot.fd(FdRole::Stderr));
        // prepared: it has booted before anybody knew whose it would be
        ASSERT_EQ(warden.attach(slot, warden.store(file, source)).failure.step, 0u);
        send(calls_.get(), load_frame());
        expect_environment(slot, slot, comma);
        EXPECT_TRUE(warden.destroy_slot(slot));
    }

    WardenProcess warden{WardenOptions{}};
    linux::UniqueFd calls_;
    linux::UniqueFd answers_;
};

TEST_F(ShimInASlot, ThatIsPythonBootsBeforeItsCodeIsThere) {
    expect_exec({"/usr/bin/python3.11", "-I", "/hotcell/python/shim.py"}, "index.py", kPython, ", ");
}

TEST_F(ShimInASlot, ThatIsNodejsBootsBeforeItsCodeIsThere) {
    HOTCELL_REQUIRES(::access("/usr/bin/node", X_OK) == 0 ? testing::Missing{}
                                                          : "needs /usr/bin/node (package nodejs)");
    expect_exec({"/usr/bin/node", "/hotcell/nodejs/shim.js"}, "index.js", kNodejs, ",");
}

TEST_F(ShimInASlot, ThatIsNodejsCollectsBeforeItReachesASmallLimit) {
    HOTCELL_REQUIRES(node());
    const auto domain = warden.build_domain(1);
    const auto slot = warden.build_slot(domain, true, 128 << 20);
    ASSERT_TRUE(slot.ok());
    ASSERT_TRUE(warden.wait_ready(slot, 0));
    exec(slot, kNode);
    ASSERT_EQ(receive_answer(answers_.get()).type, HC_FRAME_READY);
    // 20 MB in use at a time, some 400 MB made
    const std::string code = warden.store("index.js",
                                          "exports.handler = async () => {\n"
                                          "  for (let round = 0; round < 20; ++round) {\n"
                                          "    const kept = [];\n"
                                          "    for (let i = 0; i < 200000; ++i) kept.push({ i, list: [i, i + 1] });\n"
                                          "  }\n  return 'lives';\n};\n");
    ASSERT_EQ(warden.attach(slot, code).failure.step, 0u);
    send(calls_.get(), load_frame());
    for (int i = 0; i < 3; ++i) EXPECT_EQ(call(1, "").payload, "lives");
    EXPECT_TRUE(warden.destroy_slot(slot));
}

TEST_F(ShimInASlot, ThatIsAChildOfTheZygoteTakesLoadInsteadOfRun) {
    const auto domain = warden.build_domain(0);
    auto slot = warden.build_slot(domain, false);
    ASSERT_TRUE(slot.ok());
    ASSERT_GT(warden.fork_into(domain, slot, 42).pid, 0);
    ASSERT_TRUE(warden.wait_ready(slot, 42));
    ASSERT_EQ(warden.attach(slot, warden.store("index.py", kPython)).failure.step, 0u);
    send_with_pipes(slot, load_frame());
    expect_environment(slot, domain, ", ");
    EXPECT_TRUE(warden.destroy_slot(slot));
}

TEST_F(ShimInASlot, KeepsNothingOfTheChannelUnlessItIsAShim) {
    const auto domain = warden.build_domain(1);
    const auto slot = warden.build_slot(domain, true);
    ASSERT_TRUE(slot.ok());
    ASSERT_TRUE(warden.wait_ready(slot, 0));
    ASSERT_EQ(warden.attach(slot, warden.store("main.py", "import os\nos.fstat(3)\n")).failure.step, 0u);
    const auto end = warden.run(slot, slot, slot.reply.child_pid, {"/usr/bin/python3.11", "-I", "/code/main.py"});
    EXPECT_TRUE(end.exited_with(1)) << end.status;
    EXPECT_NE(end.err.find("Bad file descriptor"), std::string::npos) << end.err;
}

}  // namespace
}  // namespace hotcell::test
