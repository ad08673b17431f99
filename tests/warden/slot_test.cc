// A slot from request to removal, asked of a real builder and warden: what is in it, what is not, what is left.
#include <gtest/gtest.h>

#include <sys/wait.h>

#include "tests/support/build_paths.h"
#include "tests/support/warden_process.h"

namespace hotcell::test {
namespace {

using protocol::FdRole;
using protocol::SealFinding;

constexpr char kCount[] =
    "import sys\n"
    "words = sys.stdin.read().split()\n"
    "print(len(words), sys.argv[1:])\n";

class SlotTest : public ::testing::Test {
protected:
    WardenProcess warden{WardenOptions{}};
};

TEST_F(SlotTest, AnExecutorRunsAStaticProgram) {
    const auto domain = warden.build_domain(1);
    ASSERT_TRUE(domain.ok()) << domain.reply.failure.step << " " << domain.reply.failure.sys;
    const auto slot = warden.build_slot(domain, true);
    ASSERT_TRUE(slot.ok()) << slot.reply.failure.step << " " << slot.reply.failure.sys;
    EXPECT_GE(slot.reply.host_id, 100'000u);
    ASSERT_TRUE(warden.wait_ready(slot, 0));
    const auto attached =
        warden.attach(slot, warden.store_file("program", std::string(kTestProgramsDir) + "/count_bytes"));
    ASSERT_EQ(attached.failure.step, 0u) << attached.failure.sys;
    const auto end = warden.run(slot, slot, slot.reply.child_pid, {"/code/program", "a"}, "three words here");
    EXPECT_TRUE(end.exited_with(0)) << end.status << end.err;
    EXPECT_EQ(end.out, "16 1 a\n");
    EXPECT_TRUE(warden.destroy_slot(slot));
    EXPECT_TRUE(warden.destroy_domain(domain));
}

TEST_F(SlotTest, AnExecutorRunsPython) {
    const auto domain = warden.build_domain(1);
    ASSERT_TRUE(domain.ok());
    const auto slot = warden.build_slot(domain, true);
    ASSERT_TRUE(slot.ok());
    ASSERT_TRUE(warden.wait_ready(slot, 0));
    ASSERT_EQ(warden.attach(slot, warden.store("main.py", kCount)).failure.step, 0u);
    const auto end = warden.run(slot, slot, slot.reply.child_pid, {"/usr/bin/python3.11", "-I", "/code/main.py", "x"},
                                "three words here");
    EXPECT_TRUE(end.exited_with(0)) << end.status << end.err;
    EXPECT_EQ(end.out, "3 ['x']\n");
    EXPECT_TRUE(warden.destroy_slot(slot));
}

TEST_F(SlotTest, AForkedChildRunsPython) {
    const auto domain = warden.build_domain(0);
    ASSERT_TRUE(domain.ok()) << domain.reply.failure.step << " " << domain.reply.failure.sys;
    for (int round = 0; round < 3; ++round) {
        const auto slot = warden.build_slot(domain, false);
        ASSERT_TRUE(slot.ok()) << slot.reply.failure.step << " " << slot.reply.failure.sys;
        const std::string code = warden.store("main.py", kCount);
        const auto forked = warden.fork_into(domain, slot, 42);
        ASSERT_GT(forked.pid, 0) << forked.failed_step << " " << forked.sys;
        ASSERT_TRUE(warden.wait_ready(slot, 42));
        EXPECT_EQ(warden.seal(slot, 1).finding, SealFinding::Sound);
        ASSERT_EQ(warden.attach(slot, code).failure.step, 0u);
        const auto end =
            warden.run(slot, domain, static_cast<std::uint32_t>(forked.pid), {"/code/main.py", "y"}, "one two");
        EXPECT_TRUE(end.exited_with(0)) << end.status << end.err;
        EXPECT_EQ(end.out, "2 ['y']\n");
        EXPECT_TRUE(warden.destroy_slot(slot));
    }
}

TEST_F(SlotTest, AProgramThatIsNotThereIsReportedAsSuch) {
    const auto domain = warden.build_domain(1);
    const auto slot = warden.build_slot(domain, true);
    ASSERT_TRUE(slot.ok());
    ASSERT_TRUE(warden.wait_ready(slot, 0));
    ASSERT_EQ(warden.attach(slot, warden.store("other", "x")).failure.step, 0u);
    const auto end = warden.run(slot, slot, slot.reply.child_pid, {"/code/program"});
    EXPECT_FALSE(end.started);
    EXPECT_EQ(end.failure.sys, ENOENT);
}

TEST_F(SlotTest, AProgramsNameIsLookedForWhereItsPathSays) {
    const auto domain = warden.build_domain(1);
    const auto try_out = [&](const std::string& program) {
        const auto slot = warden.build_slot(domain, true);
        EXPECT_TRUE(slot.ok() && warden.wait_ready(slot, 0));
        const std::string code = warden.store("main.py", "print('here')\n");
        EXPECT_EQ(warden.attach(slot, code).failure.step, 0u);
        return warden.run(slot, slot, slot.reply.child_pid, {program, "-I", "/code/main.py"});
    };
    EXPECT_EQ(try_out("python3.11").out, "here\n");
    EXPECT_EQ(try_out("no-such-program").failure.sys, ENOENT);
    EXPECT_EQ(try_out("main.py").failure.sys, ENOENT) << "the working directory is no part of PATH";
    EXPECT_EQ(try_out(std::string(600, 'x')).failure.sys, ENOENT);
}

TEST_F(SlotTest, AttachRefusesWhatIsNotAContentName) {
    const auto domain = warden.build_domain(1);
    const auto slot = warden.build_slot(domain, true);
    ASSERT_TRUE(slot.ok());
    EXPECT_EQ(warden.attach(slot, "../../../../etc" + std::string(49, 'a')).failure.sys, EINVAL);
    EXPECT_EQ(warden.attach(slot, std::string(64, 'a')).failure.sys, ENOENT);
    BuiltSandbox nobody;
    nobody.id = 4711;
    EXPECT_EQ(warden.attach(nobody, std::string(64, 'a')).failure.sys, ENXIO);
}

}  // namespace
}  // namespace hotcell::test
