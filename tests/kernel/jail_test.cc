// What hotcelld can no longer do once it is in its jail, and, for each layer, that it could with this layer left out.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <future>
#include <set>
#include <string>
#include <thread>

#include "engine/linux/capabilities/capabilities.h"
#include "engine/programs/daemon/jail.h"

namespace hotcell::daemon {

namespace {

constexpr int kStepFailed = 100;
constexpr uid_t kUid = 64000;

class Jail : public ::testing::Test {
protected:
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "needs root";
        char place[] = "/tmp/hotcell-jail-XXXXXX";
        ASSERT_NE(::mkdtemp(place), nullptr);
        place_ = place;
        for (const char* name : {"/state", "/run"}) {
            std::filesystem::create_directory(place_ + name);
            ASSERT_EQ(::chown((place_ + name).c_str(), kUid, kUid), 0);
        }
        ASSERT_EQ(::chmod(place_.c_str(), 0755), 0);
        options_.directories = {place_ + "/state", place_ + "/run"};
        options_.uid = options_.gid = kUid;
        options_.descriptors = 256;
    }
    void TearDown() override {
        if (!place_.empty()) std::filesystem::remove_all(place_);
    }

    /// In a child, in a jail without the steps named: `probe`'s value. 1000 + the signal that ended it.
    int in_jail_without(const std::set<std::string>& left_out, const std::function<int()>& probe) {
        const pid_t child = ::fork();
        if (child == 0) {
            for (const JailStep& step : jail_steps())
                if (!left_out.contains(step.name) && !step.apply(options_)) ::_exit(kStepFailed);
            ::_exit(probe());
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
    }

    std::string place_;
    JailOptions options_;
};

/// 0 when the call went well, else its errno.
int outcome(long value) { return value >= 0 ? 0 : errno; }

TEST_F(Jail, LeavesTheTwoDirectoriesAndNothingElse) {
    const auto sees_passwd = [] { return outcome(::open("/etc/passwd", O_RDONLY)); };
    EXPECT_EQ(in_jail_without({}, sees_passwd), ENOENT);
    EXPECT_EQ(in_jail_without({"root"}, sees_passwd), 0);
    const auto counts = [] {
        int entries = 0;
        for (const auto& entry : std::filesystem::recursive_directory_iterator("/")) entries += entry.exists() ? 1 : 0;
        return entries;
    };
    EXPECT_EQ(in_jail_without({}, counts), 4);  // /tmp, hotcell-jail-…, state, run
}

TEST_F(Jail, CanWriteThereAndRunNothingFromThere) {
    const auto state = options_.directories[0];
    EXPECT_EQ(in_jail_without({}, [&] { return outcome(::open((state + "/x").c_str(), O_CREAT | O_WRONLY, 0644)); }),
              0);
    EXPECT_TRUE(std::filesystem::exists(state + "/x"));
    EXPECT_EQ(in_jail_without({}, [&] { return outcome(::open("/y", O_CREAT | O_WRONLY, 0644)); }), EROFS);
    std::filesystem::copy_file("/bin/true", state + "/true");
    const auto run_it = [&] { return outcome(::execl((state + "/true").c_str(), "true", nullptr)); };
    EXPECT_EQ(in_jail_without({"filter"}, run_it), EACCES);
    EXPECT_EQ(in_jail_without({"filter", "root"}, run_it), 0);
}

TEST_F(Jail, HasNoNetwork) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
    ASSERT_EQ(::listen(listener, 4), 0);
    ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
    const auto connects = [&] {
        return outcome(::connect(::socket(AF_INET, SOCK_STREAM, 0), reinterpret_cast<sockaddr*>(&address), size));
    };
    EXPECT_EQ(in_jail_without({"filter"}, connects), ENETUNREACH);
    EXPECT_EQ(in_jail_without({"filter", "namespaces"}, connects), 0);
    ::close(listener);
}

TEST_F(Jail, IsNobodyInParticular) {
    const auto is_root = [] {
        return ::getuid() == 0 || ::geteuid() == 0 || ::getgid() == 0 || ::getegid() == 0 ||
               ::getgroups(0, nullptr) > 0;
    };
    EXPECT_EQ(in_jail_without({"filter"}, is_root), 0);
    EXPECT_EQ(in_jail_without({"filter", "identity"}, is_root), 1);
    const auto is_dumpable = [] { return ::prctl(PR_GET_DUMPABLE); };
    EXPECT_EQ(in_jail_without({"filter"}, is_dumpable), 0);
    EXPECT_EQ(in_jail_without({"filter", "identity"}, is_dumpable), 1);
}

TEST_F(Jail, HasNoCapability) {
    const auto changes_root = [] { return outcome(::chroot("/")); };
    EXPECT_EQ(in_jail_without({"filter"}, changes_root), EPERM);
    EXPECT_EQ(in_jail_without({"filter", "capabilities"}, changes_root), 0);
    const auto mounts = [] { return outcome(::mount("tmpfs", "/", "tmpfs", 0, nullptr)); };
    EXPECT_EQ(in_jail_without({"filter"}, mounts), EPERM);
    EXPECT_EQ(in_jail_without({"filter", "capabilities"}, mounts), 0);
    const auto bounding_left = [] {
        int left = 0;
        for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability) >= 0; ++capability)
            left +=
                ::prctl(PR_CAPBSET_READ, capability) + ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, capability, 0, 0);
        return left > 0;
    };
    EXPECT_EQ(in_jail_without({"filter"}, bounding_left), 0);
    EXPECT_EQ(in_jail_without({"filter", "capabilities"}, bounding_left), 1);
}

TEST_F(Jail, GainsNothingByExec) {
    const auto may_gain = [] { return ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0; };
    EXPECT_EQ(in_jail_without({"filter"}, may_gain), 0);
    EXPECT_EQ(in_jail_without({"filter", "no-new-privileges"}, may_gain), 1);
}

TEST_F(Jail, TakesOnlySoMuch) {
    const auto opens_many = [] {
        for (int i = 0; i < 300; ++i)
            if (::dup(0) < 0) return outcome(-1);
        return 0;
    };
    EXPECT_EQ(in_jail_without({}, opens_many), EMFILE);
    EXPECT_EQ(in_jail_without({"limits"}, opens_many), 0);
    const auto may_dump_core = [] {
        rlimit core{};
        ::getrlimit(RLIMIT_CORE, &core);
        return core.rlim_max > 0;
    };
    EXPECT_EQ(in_jail_without({"filter"}, may_dump_core), 0);
}

struct ForbiddenCall {
    const char* name;
    int (*call)();
};
const ForbiddenCall kForbidden[] = {
    {"fork", [] { return ::fork() == 0 ? (::_exit(0), 0) : 0; }},
    {"execve",
     [] {
         char* none[] = {nullptr};
         return ::execve("/nowhere", none, none) < 0 ? 0 : 1;
     }},
    {"execveat", [] { return ::syscall(SYS_execveat, -1, "", nullptr, nullptr, 0) < 0 ? 0 : 1; }},
    {"mount", [] { return ::mount("a", "/", "tmpfs", 0, nullptr) < 0 ? 0 : 1; }},
    {"unshare", [] { return ::unshare(CLONE_NEWUSER) <= 0 ? 0 : 1; }},
    {"setns", [] { return ::setns(-1, 0) < 0 ? 0 : 1; }},
    {"ptrace", [] { return ::ptrace(PTRACE_ATTACH, 1, nullptr, nullptr) < 0 ? 0 : 1; }},
    {"process_vm_readv", [] { return ::syscall(SYS_process_vm_readv, 1, nullptr, 0, nullptr, 0, 0) <= 0 ? 0 : 1; }},
    {"kill", [] { return ::kill(1, 0) <= 0 ? 0 : 1; }},
    {"setresuid", [] { return ::setresuid(0, 0, 0) < 0 ? 0 : 1; }},
    {"bpf", [] { return ::syscall(SYS_bpf, 0, nullptr, 0) < 0 ? 0 : 1; }},
    {"open_by_handle_at", [] { return ::syscall(SYS_open_by_handle_at, -1, nullptr, 0) < 0 ? 0 : 1; }},
    {"socket of the internet", [] { return ::socket(AF_INET, SOCK_STREAM, 0) >= 0 ? 0 : 1; }},
    {"seccomp", [] { return ::syscall(SYS_seccomp, 99, 0, nullptr) < 0 ? 0 : 1; }},
};

TEST_F(Jail, IsEndedByACallItNeverMakes) {
    for (const auto& [name, call] : kForbidden) {
        EXPECT_EQ(in_jail_without({}, call), 1000 + SIGSYS) << name;
        EXPECT_EQ(in_jail_without({"filter"}, call), 0) << name;
    }
}

TEST_F(Jail, FiltersThreadsThatWereThereBefore) {
    const auto early_thread_execs = [&](const std::set<std::string>& left_out) {
        const pid_t child = ::fork();
        if (child == 0) {
            std::promise<void> jailed;
            std::thread early([&] {
                jailed.get_future().wait();
                char* none[] = {nullptr};
                ::execve("/nowhere", none, none);
            });
            const JailStep& filter = jail_steps().back();
            if (!linux::forbid_new_privileges()) ::_exit(kStepFailed);
            if (!left_out.contains(filter.name) && !filter.apply(options_)) ::_exit(kStepFailed);
            jailed.set_value();
            early.join();
            ::_exit(0);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
    };
    EXPECT_EQ(early_thread_execs({}), 1000 + SIGSYS);
    EXPECT_EQ(early_thread_execs({"filter"}), 0);
}

TEST_F(Jail, StillMakesThreads) {
    EXPECT_EQ(in_jail_without({},
                              [] {
                                  int value = 1;
                                  std::thread([&] { value = 0; }).join();
                                  return value;
                              }),
              0);
}

TEST_F(Jail, FailsWholeWhenAStepFails) {
    options_.directories = {place_ + "/missing"};
    const pid_t child = ::fork();
    if (child == 0) {
        const auto entered = enter_jail(options_);
        ::_exit(!entered && entered.error().doing.starts_with("jail: root: ") ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
}

}  // namespace

}  // namespace hotcell::daemon
