// The code that runs inside sandboxes without the C++ runtime or a sanitizer, built for the host: hotcell-init's side of
// the channel, its plan, and the forker's stub, each on bytes that no honest peer would send. What would be a memory
// error there ends the child process here with the sanitizer's word.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "engine/linux/raw/calls.h"
#include "engine/linux/raw/fd_passing.h"
#include "engine/linux/unique_fd.h"
#include "engine/programs/init/executor.h"
#include "engine/programs/init/pid1.h"
#include "engine/protocol/channel.h"
#include "engine/protocol/forker.h"
#include "engine/protocol/front_builder.h"
#include "engine/protocol/init_plan.h"
extern "C" {
#include "shims/native/forker.h"
}
#include "tests/fuzz/mutate.h"

namespace hotcell::test {
namespace {

using linux::UniqueFd;
namespace raw = linux::raw;

struct Pair {
    UniqueFd ours, theirs;
};

Pair make_pair(int type) {
    int fds[2];
    if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds) != 0) throw std::runtime_error("make a socket pair");
    return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

/// A child process with the given descriptors at their fixed numbers; `work`'s result is its exit status.
class Child {
public:
    Child(const std::vector<std::pair<int, int>>& descriptors, const std::function<int()>& work) : pid_(::fork()) {
        if (pid_ != 0) return;
        for (const auto& [from, to] : descriptors) ::dup2(from, to + 100);
        for (const auto& [from, to] : descriptors) ::dup2(to + 100, to);
        ::_exit(work());
    }
    ~Child() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            (void)wait();
        }
    }
    /// The exit status; -1 when a signal ended it, which is how a sanitizer ends a process.
    int wait() {
        int status = 0;
        ::waitpid(std::exchange(pid_, -1), &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

private:
    pid_t pid_;
};

std::string run_frame(std::uint32_t argc, std::uint32_t envc, const std::string& strings) {
    const hc_run run{argc, envc};
    const hc_frame frame{static_cast<std::uint32_t>(sizeof run + strings.size()), HC_FRAME_RUN, 0, 1};
    std::string bytes(reinterpret_cast<const char*>(&frame), sizeof frame);
    return bytes.append(reinterpret_cast<const char*>(&run), sizeof run).append(strings);
}

struct ExecutorEnd {
    int status;
    int error;  // of the Failed frame; 0: there was none
};

/// The executor, given these bytes and then the end of the channel. There is no /code here: a request that is taken
/// fails with ENOENT.
ExecutorEnd run_executor(const std::string& bytes) {
    Pair channel = make_pair(SOCK_STREAM);
    Child child({{channel.theirs.get(), HC_CHANNEL_FD}}, [] {
        init::wait_and_exec();
        return 99;
    });
    channel.theirs.reset();
    (void)raw::write_all(channel.ours.get(), bytes.data(), bytes.size());
    ::shutdown(channel.ours.get(), SHUT_WR);
    std::string answer;
    char part[256];
    for (ssize_t n; (n = ::read(channel.ours.get(), part, sizeof part)) > 0;)
        answer.append(part, static_cast<std::size_t>(n));
    ExecutorEnd end{child.wait(), 0};
    const std::size_t ready = sizeof(hc_frame) + sizeof(hc_ready);
    EXPECT_GE(answer.size(), ready);
    if (answer.size() == ready + sizeof(hc_frame) + sizeof(hc_failed)) {
        hc_failed failed{};
        std::memcpy(&failed, answer.data() + ready + sizeof(hc_frame), sizeof failed);
        end.error = failed.sys;
    }
    return end;
}

TEST(Executor, TakesAWholeRequestOnly) {
    ::signal(SIGPIPE, SIG_IGN);
    const std::string good = run_frame(2, 1, std::string("/bin/x\0-a\0A=b\0", 14));
    EXPECT_EQ(run_executor(good).error, ENOENT);
    EXPECT_EQ(run_executor(good.substr(0, good.size() - 1)).status, 0) << "the front has gone";
    EXPECT_EQ(run_executor("").status, 0);
}

TEST(Executor, RefusesCountsThatDoNotFitTheBytes) {
    for (const std::string& frame :
         {run_frame(0, 1, std::string("A=b\0", 4)), run_frame(3, 0, std::string("a\0b\0", 4)),
          run_frame(1, 0, std::string("a\0b\0", 4)), run_frame(1, 0, "no end"), run_frame(1, 0, ""),
          run_frame(~0u, 2, std::string("a\0b\0", 4)), run_frame(2, ~0u, std::string("a\0b\0", 4)),
          run_frame(1 << 20, 0, std::string(1 << 10, '\0'))})
        EXPECT_EQ(run_executor(frame).error, EPROTO) << frame.size();
}

TEST(Executor, RefusesAFrameThatIsNoRequestOrTooLong) {
    hc_frame frame{sizeof(hc_run), HC_FRAME_READY, 0, 0};
    EXPECT_EQ(run_executor({reinterpret_cast<const char*>(&frame), sizeof frame}).error, EPROTO);
    frame = {HC_MOST_RUN_BYTES + 1, HC_FRAME_RUN, 0, 0};
    EXPECT_EQ(run_executor({reinterpret_cast<const char*>(&frame), sizeof frame}).error, EPROTO);
    frame = {HC_MOST_RUN_BYTES, HC_FRAME_RUN, 0, 0};
    const std::string most =
        std::string(reinterpret_cast<const char*>(&frame), sizeof frame) + std::string(HC_MOST_RUN_BYTES, '\1');
    EXPECT_EQ(run_executor(most).error, EPROTO);
}

TEST(Executor, EndsByItselfWhateverComes) {
    const std::string good = run_frame(2, 1, std::string("/bin/x\0-a\0A=b\0", 14));
    mutate_and_try({good, run_frame(1, 0, std::string("x\0", 2))}, {std::string(4, '\0'), "\xff\xff\xff\xff", good},
                   300, [](const std::uint8_t* data, std::size_t size) {
                       const auto end = run_executor({reinterpret_cast<const char*>(data), size});
                       EXPECT_TRUE(end.status == 0 || end.status == 127) << end.status;
                   });
}

UniqueFd plan_of(const std::string& bytes) {
    UniqueFd fd(::memfd_create("plan", MFD_CLOEXEC));
    (void)raw::write_all(fd.get(), bytes.data(), bytes.size());
    return fd;
}

TEST(InitPlan, OfAnotherBuildOrSizeIsNotFollowed) {
    protocol::InitPlan plan{};
    plan.size = sizeof plan;
    const auto status_with = [](const protocol::InitPlan& changed, std::size_t size) {
        const UniqueFd fd =
            plan_of(std::string(reinterpret_cast<const char*>(&changed), sizeof changed).substr(0, size));
        return Child({{fd.get(), protocol::kPlanFd}}, [] { return init::run_pid1(); }).wait();
    };
    EXPECT_EQ(status_with(plan, sizeof plan - 1), 125);
    EXPECT_EQ(status_with(plan, 0), 125);
    plan.size = sizeof plan + 1;
    EXPECT_EQ(status_with(plan, sizeof plan), 125);
    plan.size = sizeof plan;
    ++plan.version;
    EXPECT_EQ(status_with(plan, sizeof plan), 125);
}

TEST(InitPlan, AStepThatIsNoneIsReportedByItsNumber) {
    protocol::InitPlan plan{};
    plan.size = sizeof plan;
    plan.step_count = 1;
    plan.steps[0] = 999;
    const UniqueFd fd = plan_of({reinterpret_cast<const char*>(&plan), sizeof plan});
    Pair boot = make_pair(SOCK_STREAM);
    Child child({{fd.get(), protocol::kPlanFd}, {boot.theirs.get(), protocol::kBootFd}},
                [] { return init::run_pid1(); });
    protocol::InitReport report{};
    ASSERT_EQ(raw::read_all(boot.ours.get(), &report, sizeof report), 0);
    EXPECT_EQ(report.failure.step, 999u);
    EXPECT_EQ(report.failure.sys, EINVAL);
    EXPECT_EQ(child.wait(), 126);
}

TEST(InitPlan, TheLargestNumbersFitWhereTheyAreWritten) {
    protocol::InitPlan plan{};
    plan.size = sizeof plan;
    plan.tmp_bytes = ~std::uint64_t{0};
    plan.tmp_inodes = ~std::uint32_t{0};
    plan.step_count = 1;
    plan.steps[0] = static_cast<std::uint16_t>(protocol::Step::MountTmp);
    const UniqueFd fd = plan_of({reinterpret_cast<const char*>(&plan), sizeof plan});
    Pair boot = make_pair(SOCK_STREAM);
    Child child({{fd.get(), protocol::kPlanFd}, {boot.theirs.get(), protocol::kBootFd}},
                [] { return init::run_pid1(); });
    protocol::InitReport report{};
    ASSERT_EQ(raw::read_all(boot.ours.get(), &report, sizeof report), 0);
    // there is no /rw on a host, and no right to mount where the test is not root
    EXPECT_EQ(report.failure.step, static_cast<std::uint32_t>(protocol::Step::MountTmp));
    EXPECT_TRUE(report.failure.sys == ENOENT || report.failure.sys == EPERM) << report.failure.sys;
    EXPECT_EQ(child.wait(), 126);
}

class Stub : public ::testing::Test {
protected:
    Stub()
        : control_(make_pair(SOCK_SEQPACKET)),
          arm_(make_pair(SOCK_SEQPACKET)),
          child_({{control_.theirs.get(), HC_FORKER_CONTROL_FD}, {arm_.theirs.get(), HC_FORKER_ARM_FD}}, [] {
              (void)raw::close_range(HC_FORKER_ARM_FD + 1, ~0u, 0);
              hc_child child{};
              return hc_forker_serve(nullptr, 0, &child) == 0 ? 1 : 0;
          }) {
        control_.theirs.reset();
        arm_.theirs.reset();
    }

    /// Arms a slot with `count` ends of a pipe; the other end tells when they have all been closed.
    UniqueFd arm(std::uint64_t slot, int count, std::uint32_t attach_fds = 0) {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("make a pipe");
        const UniqueFd theirs(ends[1]);
        const std::vector<int> fds(static_cast<std::size_t>(count), ends[1]);
        const hc_arm message{HC_ARM, attach_fds, slot};
        EXPECT_EQ(raw::send_with_fds(arm_.ours.get(), &message, sizeof message, fds.data(), count), 0);
        return UniqueFd(ends[0]);
    }
    hc_forked fork_into(std::uint64_t slot) {
        const hc_fork request{HC_FORK, 0, slot, 5};
        hc_forked answer{};
        EXPECT_EQ(::send(control_.ours.get(), &request, sizeof request, MSG_NOSIGNAL),
                  static_cast<ssize_t>(sizeof request));
        EXPECT_EQ(::recv(control_.ours.get(), &answer, sizeof answer, 0), static_cast<ssize_t>(sizeof answer));
        return answer;
    }
    static bool all_closed(const UniqueFd& read_end) {
        pollfd entry{read_end.get(), POLLIN, 0};
        return ::poll(&entry, 1, 5000) == 1 && (entry.revents & POLLHUP) != 0;
    }

    Pair control_;
    Pair arm_;
    Child child_;
};

TEST_F(Stub, KnowsNoSlotThatWasNotArmed) {
    for (const std::uint64_t slot : {0ul, 1ul, ~0ul}) {
        const hc_forked answer = fork_into(slot);
        EXPECT_EQ(answer.pid, 0);
        EXPECT_EQ(answer.sys, ENXIO);
    }
}

TEST_F(Stub, ClosesWhatCameWithAMessageItDoesNotTake) {
    EXPECT_TRUE(all_closed(arm(1, HC_ARM_ATTACH - 1)));
    EXPECT_TRUE(all_closed(arm(0, HC_ARM_ATTACH)));
    const UniqueFd first = arm(2, HC_ARM_ATTACH);
    EXPECT_TRUE(all_closed(arm(2, HC_ARM_ATTACH))) << "the same slot twice";
    const hc_arm disarm{HC_DISARM, 0, 2};
    EXPECT_EQ(raw::send_with_fds(arm_.ours.get(), &disarm, sizeof disarm, nullptr, 0), 0);
    EXPECT_TRUE(all_closed(first));
}

TEST_F(Stub, ForgetsASlotItCouldNotEnter) {
    const UniqueFd kept = arm(3, HC_ARM_ATTACH);
    const hc_forked answer = fork_into(3);
    EXPECT_EQ(answer.failed_step, static_cast<std::uint32_t>(protocol::Step::ForkEnter));
    EXPECT_EQ(answer.sys, EINVAL) << "a pipe is no namespace";
    EXPECT_TRUE(all_closed(kept));
    EXPECT_EQ(fork_into(3).sys, ENXIO);
}

TEST_F(Stub, HoldsSoManySlotsAndNoMore) {
    std::vector<UniqueFd> held;
    // 512 is its table; descriptors run out before that at this process's own limit, which is no other case
    int refused = 0;
    for (std::uint64_t slot = 1; slot <= 600; ++slot) {
        UniqueFd one = arm(slot, HC_ARM_ATTACH);
        (void)fork_into(~0ul);  // it has read the message by now
        pollfd entry{one.get(), POLLIN, 0};
        if (::poll(&entry, 1, 0) == 1) ++refused;
        held.push_back(std::move(one));
    }
    EXPECT_GE(refused, 600 - 512);
    EXPECT_LT(refused, 600);
}

TEST_F(Stub, EndsOnAMessageOfAnotherSize) {
    EXPECT_EQ(::send(control_.ours.get(), "x", 1, MSG_NOSIGNAL), 1);
    EXPECT_EQ(child_.wait(), 0);
}

TEST_F(Stub, EndsWithTheBuilder) {
    arm_.ours.reset();
    EXPECT_EQ(child_.wait(), 0);
}

}  // namespace
}  // namespace hotcell::test
