// The forker and what it forks: no capability at any time, and each lock of a child seen to be missed when it is left out.
#include <gtest/gtest.h>

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "engine/linux/raw/calls.h"
#include "shims/native/forker.h"
#include "tests/support/warden_process.h"

namespace hotcell::test {
namespace {

using linux::UniqueFd;
using protocol::FdRole;
using protocol::SealFinding;

/// The value of a line of /proc/<pid>/status; empty when the process has gone.
std::string status_of(pid_t pid, const std::string& name) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with(name + ":\t")) return line.substr(name.size() + 2);
    return {};
}

/// Host pids of every process whose real uid lies in [first, first + 65536).
std::vector<pid_t> processes_of(std::uint32_t first) {
    std::vector<pid_t> found;
    DIR* directory = ::opendir("/proc");
    while (const dirent* entry = ::readdir(directory)) {
        const pid_t pid = std::atoi(entry->d_name);
        if (pid <= 0) continue;
        const std::string ids = status_of(pid, "Uid");
        if (ids.empty()) continue;
        const unsigned long uid = std::stoul(ids);
        if (uid >= first && uid < first + 65536ul) found.push_back(pid);
    }
    ::closedir(directory);
    return found;
}

pid_t process_with_uid(std::uint32_t uid) {
    for (const pid_t pid : processes_of(uid - uid % 65536))
        if (std::stoul(status_of(pid, "Uid")) == uid) return pid;
    return -1;
}

WardenOptions with_plain_forker(unsigned omit) {
    WardenOptions options;
    options.forker = {"/test/plain_forker", std::to_string(omit)};
    return options;
}

struct Forked {
    explicit Forked(unsigned omit) : warden(with_plain_forker(omit)), domain(warden.build_domain()) {
        slot = warden.build_slot(domain, false);
        answer = warden.fork_into(domain, slot, 9);
    }
    WardenProcess warden;
    BuiltSandbox domain;
    BuiltSandbox slot;
    hc_forked answer{};
};

TEST(Forker, HoldsNoCapabilityWhileItForks) {
    WardenProcess warden(with_plain_forker(0));
    const auto domain = warden.build_domain();
    ASSERT_TRUE(domain.ok());
    const pid_t forker = process_with_uid(domain.reply.host_id + HC_USER_ID);
    ASSERT_GT(forker, 0);
    std::atomic<bool> done = false;
    std::atomic<int> samples = 0;
    std::atomic<int> wrong = 0;
    std::thread sampler([&] {
        while (!done) {
            for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"})
                if (status_of(forker, set) != "0000000000000000") ++wrong;
            ++samples;
        }
    });
    for (int i = 0; i < 30; ++i) {
        const auto slot = warden.build_slot(domain, false);
        EXPECT_GT(warden.fork_into(domain, slot).pid, 0);
        EXPECT_TRUE(warden.destroy_slot(slot));
    }
    done = true;
    sampler.join();
    EXPECT_GT(samples, 30);
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(status_of(forker, "NoNewPrivs"), "1");
    EXPECT_EQ(status_of(forker, "Seccomp"), "2");
}

TEST(Forker, ALockedChildIsSound) {
    Forked forked(0);
    ASSERT_TRUE(forked.warden.wait_ready(forked.slot, 9)) << forked.answer.failed_step << " " << forked.answer.sys;
    const auto sealed = forked.warden.seal(forked.slot, 1);
    EXPECT_EQ(sealed.finding, SealFinding::Sound) << static_cast<int>(sealed.finding);
    EXPECT_EQ(sealed.processes, 2u);
}

/// Leaves one lock out, and expects the seal to name it and to have killed the slot.
void expect_found(unsigned omit, SealFinding finding) {
    Forked forked(omit);
    ASSERT_TRUE(forked.warden.wait_ready(forked.slot, 9)) << forked.answer.failed_step << " " << forked.answer.sys;
    EXPECT_EQ(forked.warden.seal(forked.slot, 1).finding, finding);
    pollfd channel{forked.slot.fd(FdRole::Channel), POLLIN | POLLRDHUP, 0};
    EXPECT_EQ(::poll(&channel, 1, 5000), 1) << "the child still lives";
}

TEST(Forker, ASealFindsCapabilities) { expect_found(HC_OMIT_CAPABILITIES, SealFinding::Capabilities); }
TEST(Forker, ASealFindsABoundingSet) { expect_found(HC_OMIT_BOUNDING_SET, SealFinding::Capabilities); }
TEST(Forker, ASealFindsForeignIds) { expect_found(HC_OMIT_IDS, SealFinding::ForeignIdentity); }
TEST(Forker, ASealFindsKeptNamespaces) { expect_found(HC_OMIT_DESCRIPTORS, SealFinding::NamespaceDescriptor); }

TEST(Forker, AChildWhoseIdsFailNeverSaysReady) {
    Forked forked(HC_WRONG_IDS);
    EXPECT_GT(forked.answer.pid, 0);
    hc_frame frame{};
    pollfd channel{forked.slot.fd(FdRole::Channel), POLLIN, 0};
    ASSERT_EQ(::poll(&channel, 1, 5000), 1);
    EXPECT_EQ(::recv(channel.fd, &frame, sizeof frame, 0), 0) << "a frame came instead of the end";
}

TEST(Forker, ItsChildIsChargedToTheSlot) {
    const auto used_after_fork = [](unsigned omit) {
        Forked forked(omit);
        EXPECT_TRUE(forked.warden.wait_ready(forked.slot, 9));
        char text[64] = {};
        EXPECT_GT(::pread(forked.slot.fd(FdRole::PeakMemory), text, sizeof text - 1, 0), 0);
        return std::stoull(text);
    };
    const auto joined = used_after_fork(0);
    const auto not_joined = used_after_fork(HC_OMIT_JOIN_CGROUPS);
    EXPECT_GT(joined, not_joined + (1 << 20)) << "page tables of the child";
}

/// In a child process with the credentials of `domain`'s forker: is it let into the namespace? 0, or the errno.
int enter_as_forker(pid_t domain_member, int user_namespace) {
    const UniqueFd domain(
        ::open(("/proc/" + std::to_string(domain_member) + "/ns/user").c_str(), O_RDONLY | O_CLOEXEC));
    const pid_t child = ::fork();
    if (child == 0) {
        if (::setns(domain.get(), CLONE_NEWUSER) != 0) ::_exit(200);
        if (::setgroups(0, nullptr) != 0 || ::setresgid(HC_USER_ID, HC_USER_ID, HC_USER_ID) != 0) ::_exit(201);
        if (::setresuid(HC_USER_ID, HC_USER_ID, HC_USER_ID) != 0) ::_exit(202);
        if (linux::raw::clear_capabilities() < 0) ::_exit(203);
        ::_exit(::setns(user_namespace, CLONE_NEWUSER) == 0 ? 0 : errno);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Forker, ASlotLetsInOnlyTheForkerOfItsOwnDomain) {
    WardenProcess warden(with_plain_forker(0));
    const auto own = warden.build_domain();
    const auto other = warden.build_domain();
    const auto slot = warden.build_slot(own, false);
    ASSERT_TRUE(own.ok() && other.ok() && slot.ok());
    const pid_t init = process_with_uid(slot.reply.host_id);
    ASSERT_GT(init, 0);
    const UniqueFd user(::open(("/proc/" + std::to_string(init) + "/ns/user").c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(enter_as_forker(process_with_uid(own.reply.host_id), user.get()), 0);
    EXPECT_EQ(enter_as_forker(process_with_uid(other.reply.host_id), user.get()), EPERM);
}

/// True once the process is stopped by a signal; looks for at most 100 ms.
bool is_stopped_soon(pid_t pid) {
    for (int i = 0; i < 100; ++i) {
        if (status_of(pid, "State").starts_with('T')) return true;
        ::poll(nullptr, 0, 1);
    }
    return false;
}

TEST(Forker, OneThatStopsWhatIsBuiltCannotStopTheBuilder) {
    WardenOptions options = with_plain_forker(0);
    options.forker.push_back("hostile");
    options.omitted = {protocol::Step::ChildLandlock};  // which alone would refuse its signals, where the kernel has it
    WardenProcess warden(options);
    const auto domain = warden.build_domain();
    ASSERT_TRUE(domain.ok());
    // it may well stop a pid 1 of its own domain: a finished one, or one whose build then runs into its time limit
    bool stopped = false;
    for (int i = 0; i < 100 && !stopped; ++i) {
        const auto slot = warden.build_slot(domain, true);
        EXPECT_EQ(slot.reply.failure.sys, slot.ok() ? 0 : ETIMEDOUT);
        stopped = !slot.ok() || is_stopped_soon(process_with_uid(slot.reply.host_id));
        EXPECT_TRUE(!slot.ok() || warden.destroy_slot(slot));
    }
    EXPECT_TRUE(stopped) << "nothing was stopped: was anything tried?";
    const auto other = warden.build_domain(1);
    ASSERT_TRUE(other.ok());
    EXPECT_TRUE(warden.build_slot(other, true).ok());
}

TEST(Forker, ASlotIsEnteredOnce) {
    Forked forked(0);
    ASSERT_TRUE(forked.warden.wait_ready(forked.slot, 9));
    const auto again = forked.warden.fork_into(forked.domain, forked.slot, 10);
    EXPECT_EQ(again.pid, 0);
    EXPECT_EQ(again.sys, ENXIO);
}

/// True once no process of the range is left; looks for at most five seconds.
bool vanishes(std::uint32_t first) {
    for (int i = 0; i < 500; ++i) {
        if (processes_of(first).empty()) return true;
        ::poll(nullptr, 0, 10);
    }
    return false;
}

TEST(Authority, TheEndOfEitherHalfLeavesNoProcess) {
    for (const bool builder : {false, true}) {
        Forked forked(0);
        ASSERT_TRUE(forked.warden.wait_ready(forked.slot, 9));
        ASSERT_FALSE(processes_of(forked.slot.reply.host_id).empty());
        ::kill(builder ? forked.warden.builder_pid() : forked.warden.pid(), SIGKILL);
        EXPECT_TRUE(vanishes(forked.slot.reply.host_id)) << "builder: " << builder;
        EXPECT_TRUE(vanishes(forked.domain.reply.host_id)) << "builder: " << builder;
        (void)forked.warden.stop();
        // a builder that was killed leaves its empty groups to the next life; a warden that was killed leaves none
        const WardenProcess next(with_plain_forker(0));
        EXPECT_EQ(next.hello().swept > 0, builder);
    }
}

}  // namespace
}  // namespace hotcell::test
