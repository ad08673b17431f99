// The limits of a slot as a program inside meets them, and what two killed halves leave to the next life. The same on
// every driver of control groups but where cgroup2 lets a whole slot die.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "engine/linux/cgroup/layout.h"
#include "engine/linux/cgroup/sweep.h"
#include "tests/support/requires.h"
#include "tests/support/warden_process.h"

namespace hotcell::test {
namespace {

using protocol::FdRole;

constexpr char kFill[] = "data = bytearray(256 << 20)\nprint('still here')\n";
constexpr char kFillTmp[] =
    "import os\n"
    "with open('/tmp/f', 'wb') as f:\n"
    "    try:\n"
    "        while True: f.write(b'x' * 65536); f.flush()\n"
    "    except OSError as e: print('refused', f.tell() >> 20)\n";
constexpr char kFork[] =
    "import os, time\n"
    "made = 0\n"
    "try:\n"
    "    while made < 1000:\n"
    "        if os.fork() == 0: time.sleep(1000)\n"
    "        made += 1\n"
    "except OSError as e: print(made, e.errno)\n";

std::string text_of(int fd) {
    char text[1024] = {};
    return ::pread(fd, text, sizeof text - 1, 0) > 0 ? text : "";
}

bool counts_a_kill(const BuiltSandbox& slot) {
    const std::string text = text_of(slot.fd(FdRole::MemoryEvents));
    const std::size_t at = text.find("oom_kill ");
    return at != std::string::npos && std::stoul(text.substr(at + 9)) > 0;
}

class LimitsTest : public ::testing::TestWithParam<bool> {  // true: an executor, false: a child of the Python forker
protected:
    void SetUp() override { HOTCELL_REQUIRES(hotcell::testing::root()); }

    /// Runs a Python program in a fresh slot.
    ProgramEnd run(const char* program, std::uint64_t memory) {
        if (!warden_) {
            warden_.emplace(WardenOptions{});
            domain_ = warden_->build_domain(GetParam() ? 1 : 0);
            EXPECT_TRUE(domain_.ok()) << domain_.reply.failure.step << " " << domain_.reply.failure.sys;
        }
        slot_ = warden_->build_slot(domain_, GetParam(), memory);
        EXPECT_TRUE(slot_.ok()) << slot_.reply.failure.step << " " << slot_.reply.failure.sys;
        EXPECT_EQ(warden_->attach(slot_, warden_->store("main.py", program)).failure.step, 0u);
        if (GetParam()) {
            EXPECT_TRUE(warden_->wait_ready(slot_, 0));
            return warden_->run(slot_, slot_, slot_.reply.child_pid, {"/usr/bin/python3.11", "-I", "/code/main.py"});
        }
        const hc_forked forked = warden_->fork_into(domain_, slot_, 7);
        EXPECT_EQ(forked.failed_step, 0u) << forked.sys;
        EXPECT_TRUE(warden_->wait_ready(slot_, 7));
        return warden_->run(slot_, domain_, static_cast<std::uint32_t>(forked.pid), {"/code/main.py"});
    }
    std::optional<WardenProcess> warden_;
    BuiltSandbox domain_;
    BuiltSandbox slot_;
};

TEST_P(LimitsTest, AProgramThatFillsItsMemoryDiesAndIsCounted) {
    const ProgramEnd end = run(kFill, 64 << 20);
    EXPECT_TRUE(end.started);
    EXPECT_EQ(end.out, "");
    // cgroup2 kills the slot as a whole: pid 1, which would have reported the end of an executor's child, is gone too
    EXPECT_TRUE(end.status == -1 || (WIFSIGNALED(end.status) && WTERMSIG(end.status) == SIGKILL)) << end.status;
    EXPECT_TRUE(counts_a_kill(slot_)) << text_of(slot_.fd(FdRole::MemoryEvents));
    if (const int notice = slot_.fd(FdRole::OomEvent); notice >= 0) {
        pollfd entry{notice, POLLIN, 0};
        EXPECT_EQ(::poll(&entry, 1, 0), 1);
    }
    EXPECT_TRUE(warden_->destroy_slot(slot_));
    // and the domain goes on
    const ProgramEnd next = run("print('fine')", 64 << 20);
    EXPECT_TRUE(next.exited_with(0)) << next.status << next.err;
    EXPECT_EQ(next.out, "fine\n");
    EXPECT_TRUE(warden_->destroy_slot(slot_));
}

TEST_P(LimitsTest, FilesInTmpAreBoundedAndCharged) {
    const ProgramEnd end = run(kFillTmp, 64 << 20);
    EXPECT_TRUE(end.exited_with(0)) << end.status << end.err;
    EXPECT_TRUE(end.out.starts_with("refused 1")) << end.out;  // 16 MiB and a little, or a little less
    if (const int peak = slot_.fd(FdRole::PeakMemory); peak >= 0) { EXPECT_GT(std::stoull(text_of(peak)), 14u << 20); }
    EXPECT_TRUE(warden_->destroy_slot(slot_));
}

TEST_P(LimitsTest, AForkBombIsRefusedAndGoesWithItsSlot) {
    const ProgramEnd end = run(kFork, 256 << 20);
    EXPECT_TRUE(end.exited_with(0)) << end.status << end.err;
    const int made = std::atoi(end.out.c_str());
    EXPECT_GT(made, 40) << end.out;
    EXPECT_LT(made, 64) << end.out;
    EXPECT_NE(end.out.find(" " + std::to_string(EAGAIN)), std::string::npos) << end.out;
    EXPECT_TRUE(warden_->destroy_slot(slot_));
}

INSTANTIATE_TEST_SUITE_P(Starts, LimitsTest, ::testing::Bool(),
                         [](const auto& start) { return std::string(start.param ? "exec" : "zygote"); });

std::size_t groups_of(const std::string& instance) {
    const auto layout = linux::cgroup::find_layout();
    if (!layout) return 0;
    std::size_t count = 0;
    const auto add = [&](const linux::cgroup::Directory& top) {
        count += linux::cgroup::find_directories(top, "hotcell-" + instance).size();
    };
    if (layout->unified) add(layout->unified->top);
    for (const auto& hierarchy : layout->v1) add(hierarchy.top);
    return count;
}

TEST(Restart, SweepsWhatTwoKilledHalvesLeftAndRunsAgain) {
    HOTCELL_REQUIRES(hotcell::testing::root());
    {
        WardenProcess first(WardenOptions{});
        const auto domain = first.build_domain(0);
        ASSERT_TRUE(domain.ok());
        for (const bool executor : {true, false, true}) ASSERT_TRUE(first.build_slot(domain, executor).ok());
        const pid_t builder = first.builder_pid();
        ASSERT_GT(builder, 1);
        ::kill(first.pid(), SIGSTOP);  // neither half sees the other's end before its own
        ::kill(builder, SIGKILL);
        ::kill(first.pid(), SIGKILL);
        (void)first.stop();
    }
    EXPECT_GT(groups_of("test"), 0u);
    {
        WardenProcess second(WardenOptions{});
        EXPECT_EQ(second.hello().swept, 4u);  // a domain and three slots
        const auto domain = second.build_domain(1);
        ASSERT_TRUE(domain.ok());
        const auto slot = second.build_slot(domain, true);
        ASSERT_TRUE(slot.ok());
        ASSERT_TRUE(second.wait_ready(slot, 0));
        ASSERT_EQ(second.attach(slot, second.store("main.py", "print(1)")).failure.step, 0u);
        const auto end = second.run(slot, slot, slot.reply.child_pid, {"/usr/bin/python3.11", "-I", "/code/main.py"});
        EXPECT_TRUE(end.exited_with(0)) << end.status << end.err;
    }
    EXPECT_EQ(groups_of("test"), 0u);
}

}  // namespace
}  // namespace hotcell::test
