// Every attack, in a program that was exec'ed and in one that a zygote forked: contained. And every attack again with
// the layer that holds it left out, or outside any sandbox: seen to succeed. README.md has the table.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/build_paths.h"
#include "tests/support/warden_process.h"

namespace hotcell::test {
namespace {

using protocol::Step;

enum class Start { Exec, Zygote };
const char* name_of(Start start) { return start == Start::Exec ? "exec" : "zygote"; }

// the interpreter becomes the attack: same process, same locks
constexpr char kLauncher[] = "import os, sys\nos.execv('/code/attack', ['/code/attack'] + sys.argv[1:])\n";
constexpr std::uint64_t kMemory = 64 << 20;

/// One privileged helper with two domains, and the attack in its code store.
class Arena {
public:
    explicit Arena(std::vector<Step> omitted = {}) : warden_(options(std::move(omitted))) {
        const std::string attack = WardenProcess::read_file(std::string(kTestProgramsDir) + "/attack");
        code_ = warden_.store({{"attack", attack}, {"main.py", kLauncher}, {"setuid", attack}, {"setgid", attack}});
        const std::string directory = warden_.directory() + "/code/" + code_;
        ::chmod((directory + "/setuid").c_str(), 04755);
        ::chmod((directory + "/setgid").c_str(), 02755);
        exec_ = warden_.build_domain(1);
        zygote_ = warden_.build_domain(0);
    }

    bool ok() const { return exec_.ok() && zygote_.ok(); }
    WardenProcess& warden() { return warden_; }

    ProgramEnd attack(const std::string& id, Start start) {
        const BuiltSandbox& domain = start == Start::Exec ? exec_ : zygote_;
        const auto slot = warden_.build_slot(domain, start == Start::Exec, kMemory, 2, start == Start::Exec ? 9001 : 0);
        EXPECT_TRUE(slot.ok()) << slot.reply.failure.step << " " << slot.reply.failure.sys;
        if (!slot.ok()) return {};
        std::uint32_t pid = slot.reply.child_pid;
        if (start == Start::Zygote) pid = static_cast<std::uint32_t>(warden_.fork_into(domain, slot, 7).pid);
        EXPECT_TRUE(warden_.wait_ready(slot, start == Start::Zygote ? 7 : 0));
        EXPECT_EQ(warden_.attach(slot, code_).failure.step, 0u);
        const ProgramEnd end = start == Start::Exec ? warden_.run(slot, slot, pid, {"/code/attack", id})
                                                    : warden_.run(slot, domain, pid, {"/code/main.py", id});
        EXPECT_TRUE(warden_.destroy_slot(slot));
        return end;
    }

private:
    static WardenOptions options(std::vector<Step> omitted) {
        WardenOptions wanted;
        wanted.instance = "escape";
        wanted.omitted = std::move(omitted);
        return wanted;
    }

    WardenProcess warden_;
    std::string code_;
    BuiltSandbox exec_;
    BuiltSandbox zygote_;
};

/// What attacks look for outside: a file in the host's root and two listening sockets.
class HostCanaries {
public:
    HostCanaries() {
        std::ofstream("/hotcell-escape-canary") << "outside\n";
        abstract_ = listen_on(std::string("\0hotcell-escape-canary", 22));
        ::unlink(kSocket);
        path_ = listen_on(kSocket);
        ::chmod(kSocket, 0777);
    }
    ~HostCanaries() {
        ::unlink("/hotcell-escape-canary");
        ::unlink(kSocket);
    }

private:
    static constexpr char kSocket[] = "/tmp/hotcell-escape-canary.sock";

    static linux::UniqueFd listen_on(const std::string& name) {
        linux::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, name.data(), name.size());
        const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
        if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(fd.get(), 4) != 0)
            ADD_FAILURE() << "listen on the canary";
        return fd;
    }

    linux::UniqueFd abstract_;
    linux::UniqueFd path_;
};

/// The attacks that end by themselves when they are contained; A01, C01 and C03 have tests of their own.
constexpr const char* kAttacks[] = {"A02", "A03", "A04", "A05", "A06", "A07", "A08", "A11", "A12", "A14", "A15",
                                    "A16", "A17", "A18", "A19", "A20", "B01", "B02", "B03", "D01", "D06"};

TEST(Escape, EveryAttackIsContained) {
    const HostCanaries canaries;
    Arena arena;
    ASSERT_TRUE(arena.ok());
    for (const Start start : {Start::Exec, Start::Zygote})
        for (const char* id : kAttacks) {
            const ProgramEnd end = arena.attack(id, start);
            EXPECT_TRUE(end.exited_with(0)) << id << " by " << name_of(start) << ", status " << end.status << "\n"
                                            << end.out << end.err;
        }
}

std::string line_of(const std::string& text, const std::string& start) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with(start)) return line;
    return {};
}

TEST(Escape, TheCensusReachesWhatIsPinned) {
    Arena arena;
    ASSERT_TRUE(arena.ok());
    const std::string pinned = WardenProcess::read_file(std::string(kSourceDir) + "/tests/escape/census.pinned");
    for (const Start start : {Start::Exec, Start::Zygote}) {
        const ProgramEnd end = arena.attack("A01", start);
        EXPECT_TRUE(end.exited_with(0)) << end.out << end.err;
        EXPECT_EQ(std::string(name_of(start)) + " " + line_of(end.out, "reached:"), line_of(pinned, name_of(start)));
    }
}

TEST(Escape, MemoryBeyondTheLimitEndsTheProgram) {
    Arena arena;
    ASSERT_TRUE(arena.ok());
    for (const Start start : {Start::Exec, Start::Zygote}) {
        const ProgramEnd end = arena.attack("C01", start);
        EXPECT_TRUE(WIFSIGNALED(end.status) && WTERMSIG(end.status) == SIGKILL) << name_of(start) << " " << end.status;
        EXPECT_EQ(end.out, "16 MiB are fine\n");
    }
}

TEST(Escape, AForkBombStopsAtItsLimitAndIsGone) {
    Arena arena;
    ASSERT_TRUE(arena.ok());
    for (const Start start : {Start::Exec, Start::Zygote}) {
        const ProgramEnd end = arena.attack("C03", start);  // destroys the slot, which waits for its last process
        EXPECT_TRUE(end.exited_with(0)) << name_of(start) << " " << end.status << end.out;
        int made = 0;
        EXPECT_EQ(std::sscanf(end.out.c_str(), "made %d", &made), 1);
        EXPECT_LE(made, 64);
    }
}

struct Layer {
    const char* id;
    std::vector<Step> omitted;
    bool zygote = true;  // whether the zygote's program is without the layer, too
};

const std::vector<Step> kFilters = {Step::BuilderFilter, Step::ChildFilter};
const std::vector<Step> kPowers = {Step::DropBoundingSet, Step::ChildCapabilities, Step::ChildIds};
const std::vector<Step> kGroups = {Step::JoinCgroups};

/// Without these steps the attack succeeds. What a zygote's child locks itself is seen in tests/warden/forker_test.cc.
const Layer kLayers[] = {
    {"A01", kFilters},         {"A02", kFilters},
    {"A03", kFilters},         {"A04", kFilters},
    {"A05", kFilters},         {"A06", kFilters},
    {"A07", kFilters},         {"A08", kFilters},  // Seccomp: 0
    {"A08", kPowers, false},   {"A11", {Step::ChildDescriptors}, false},
    {"A17", kPowers, false},   {"A18", {Step::MountProc, Step::MaskProc}},
    {"A19", {Step::MaskProc}}, {"A20", kFilters},
    {"B02", {Step::MaskProc}}, {"B03", {Step::ChildFilter}},
    {"C01", kGroups, false},   {"C03", kGroups, false},
};

TEST(Escape, EveryAttackSucceedsWithoutItsLayer) {
    for (const Layer& layer : kLayers) {
        Arena arena(layer.omitted);
        ASSERT_TRUE(arena.ok()) << layer.id;
        for (const Start start : {Start::Exec, Start::Zygote}) {
            if (start == Start::Zygote && !layer.zygote) continue;
            const ProgramEnd end = arena.attack(layer.id, start);
            EXPECT_TRUE(end.exited_with(1))
                << layer.id << " by " << name_of(start) << " is held by something else: status " << end.status << "\n"
                << end.out << end.err;
        }
    }
}

/// An interface beside lo: an environment in which D01 has something to find.
bool has_interfaces() {
    for (const auto& entry : std::filesystem::directory_iterator("/sys/class/net"))
        if (entry.path().filename() != "lo") return true;
    return false;
}

/// What no single step of a sandbox holds, seen outside: the same program, as root, where it does no harm.
TEST(Escape, TheRestSucceedsOutside) {
    const HostCanaries canaries;
    std::vector<std::string> ids = {"A12", "A14", "A15", "A16", "A17", "A18", "D06"};
    if (has_interfaces())
        ids.push_back("D01");
    else
        std::cout << "left out: D01 outside (this machine has no interface but lo)\n";
    for (const std::string& id : ids) {
        const std::string command = std::string(kTestProgramsDir) + "/attack " + id + " --bare";
        std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
        ASSERT_TRUE(pipe);
        std::string out;
        char part[4096];
        for (std::size_t n; (n = std::fread(part, 1, sizeof part, pipe.get())) > 0;) out.append(part, n);
        const int status = ::pclose(pipe.release());
        EXPECT_EQ(WEXITSTATUS(status), 1) << id << "\n" << out;
    }
}

}  // namespace
}  // namespace hotcell::test
