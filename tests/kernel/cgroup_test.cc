// Real groups on the real kernel, with every driver the machine can serve. Root.
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>

#include "engine/base/clock.h"
#include "engine/linux/cgroup/freezer.h"
#include "engine/linux/cgroup/sweep.h"
#include "engine/linux/cgroup/tree.h"
#include "engine/linux/raw/calls.h"
#include "tests/support/requires.h"

namespace hotcell::linux::cgroup {
namespace {

using hotcell::testing::Missing;
using hotcell::testing::root;

constexpr std::uint64_t kNanosPerMilli = 1'000'000;
constexpr std::uint64_t kPatienceNs = 20'000 * kNanosPerMilli;
constexpr const char* kInstance = "testcgroup";
constexpr const char* kDirectory = "hotcell-testcgroup";
const Limits kLimits{.memory = mebibytes(32), .pids = 16, .cpu_weight = 200};

Missing serves(Driver driver) {
    const auto layout = find_layout(driver);
    if (layout) return std::nullopt;
    return std::string("needs the driver ") + name_of(driver) + ": " + layout.error().message();
}

/// How many directories of the test's instance there are, in all hierarchies in sight.
std::size_t directories_left() {
    std::size_t count = 0;
    for (const Driver driver : {Driver::V1, Driver::Hybrid, Driver::V2}) {
        const auto layout = find_layout(driver);
        if (!layout) continue;
        if (layout->unified) count += find_directories(layout->unified->top, kDirectory).size();
        for (const Hierarchy& hierarchy : layout->v1) count += find_directories(hierarchy.top, kDirectory).size();
    }
    return count;
}

bool eventually(const std::function<bool()>& holds) {
    const std::uint64_t deadline = monotonic_ns() + kPatienceNs;
    while (!holds()) {
        if (monotonic_ns() > deadline) return false;
        (void)::poll(nullptr, 0, 1);
    }
    return true;
}

/// A child that joins `group` and does `work`. A failed join is exit status 99.
pid_t start_in(const Group& group, const std::function<void()>& work) {
    const auto fds = group.attach_fds();
    const pid_t child = ::fork();
    if (child != 0) return child;
    for (const int fd : fds)
        if (::write(fd, "0", 1) != 1) ::_exit(99);
    work();
    ::_exit(0);
}

int wait_for(pid_t child) {
    int status = -1;
    ::waitpid(child, &status, 0);
    return status;
}

[[noreturn]] void wait_for_ever() {
    for (;;) ::pause();
}

void touch_memory(std::size_t bytes) {
    char* memory =
        static_cast<char*>(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (memory == MAP_FAILED) ::_exit(98);
    for (std::size_t at = 0; at < bytes; at += 4096) const_cast<volatile char*>(memory)[at] = 1;
}

std::string text_of(const UniqueFd& fd) { return read_all(fd.get(), "a group's file").value_or(""); }

std::string limit_in(const Group& group, const char* v1_hierarchy_file, const char* v2_file, Driver driver) {
    // the attach descriptors lead to the directories: one per hierarchy
    for (const int fd : group.attach_fds()) {
        char link[512] = {};
        if (::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), link, sizeof link - 1) < 0) continue;
        std::string path(link);
        path.resize(path.rfind('/') + 1);
        const UniqueFd file(::open((path + (driver == Driver::V2 ? v2_file : v1_hierarchy_file)).c_str(), O_RDONLY));
        if (file) return text_of(file);
    }
    return {};
}

class CgroupTree : public ::testing::TestWithParam<Driver> {
protected:
    void SetUp() override {
        HOTCELL_REQUIRES(root(), serves(GetParam()));
        open_again();
    }
    void TearDown() override {
        if (tree_) { EXPECT_TRUE(tree_->destroy().has_value()); }
        EXPECT_EQ(directories_left(), 0U);
    }
    void open_again() {
        auto tree = Tree::open(kInstance, {GetParam(), 6000});
        ASSERT_TRUE(tree.has_value()) << tree.error().message();
        tree_ = std::move(*tree);
    }
    Group create(const Limits& limits = kLimits) {
        auto group = tree_->create("slot-1", limits);
        EXPECT_TRUE(group.has_value()) << group.error().message();
        return group ? std::move(*group) : Group();
    }
    void expect_removed(Group& group) {
        EXPECT_TRUE(eventually([&] { return tree_->remove(group).has_value(); }));
    }
    std::optional<Tree> tree_;
};

TEST_P(CgroupTree, WritesTheLimits) {
    Group group = create();
    EXPECT_EQ(limit_in(group, "memory.limit_in_bytes", "memory.max", GetParam()), "33554432\n");
    EXPECT_EQ(limit_in(group, "pids.max", "pids.max", GetParam()), "16\n");
    EXPECT_EQ(limit_in(group, "cpu.shares", "cpu.weight", GetParam()), GetParam() == Driver::V2 ? "200\n" : "2048\n");
    EXPECT_LE(group.attach_fds().size(), 5U);
    expect_removed(group);
}

TEST_P(CgroupTree, GivesTheFrontWhatItNeedsAndOnlyOnce) {
    Group group = create();
    for (const GroupFile file :
         {GroupFile::MemoryLimit, GroupFile::CpuWeight, GroupFile::Freeze, GroupFile::MemoryEvents}) {
        EXPECT_TRUE(group.take(file));
        EXPECT_FALSE(group.take(file));
    }
    EXPECT_EQ(static_cast<bool>(group.take(GroupFile::OomEvent)), GetParam() != Driver::V2);
    expect_removed(group);
}

TEST_P(CgroupTree, RaisesTheMemoryLimitThroughTheDescriptor) {
    Group group = create();
    const std::string more = std::to_string(mebibytes(512).count);  // a sanitizer's shadow is charged too
    if (const UniqueFd swap = group.take(GroupFile::SwapLimit)) {
        ASSERT_EQ(::write(swap.get(), more.data(), more.size()), static_cast<ssize_t>(more.size()));
    }
    const UniqueFd limit = group.take(GroupFile::MemoryLimit);
    ASSERT_EQ(::write(limit.get(), more.data(), more.size()), static_cast<ssize_t>(more.size()));
    const int status = wait_for(start_in(group, [] { touch_memory(64 << 20); }));
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
    expect_removed(group);
}

TEST_P(CgroupTree, KillsAChildThatRunsOutOfMemoryAndCountsIt) {
    Group group = create();
    const UniqueFd events = group.take(GroupFile::MemoryEvents);
    const UniqueFd peak = group.take(GroupFile::PeakMemory);
    const UniqueFd notice = group.take(GroupFile::OomEvent);
    EXPECT_NE(text_of(events).find("oom_kill 0"), std::string::npos);
    const int status = wait_for(start_in(group, [] { touch_memory(256 << 20); }));
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
    // cgroup2 counts a victim once for itself and once for its group
    EXPECT_EQ(text_of(events).find("oom_kill 0"), std::string::npos) << text_of(events);
    if (peak) {
        const auto most = std::stoull(text_of(peak));
        EXPECT_GT(most, mebibytes(16).count);
        EXPECT_LE(most, mebibytes(32).count);
    }
    if (notice) {
        pollfd entry{notice.get(), POLLIN, 0};
        EXPECT_EQ(::poll(&entry, 1, 0), 1);
    }
    expect_removed(group);
}

TEST_P(CgroupTree, RefusesAForkBeyondTheLimitOfProcesses) {
    Group group = create({.memory = mebibytes(32), .pids = 3, .cpu_weight = 100});
    const int status = wait_for(start_in(group, [] {
        int made = 0;
        int refused = 0;
        pid_t children[8];
        for (int i = 0; i < 8; ++i) {
            const long child = raw::clone_process(0, nullptr, SIGCHLD);
            if (child == 0) wait_for_ever();
            if (child > 0)
                children[made++] = static_cast<pid_t>(child);
            else if (child == -EAGAIN)
                ++refused;
        }
        for (int i = 0; i < made; ++i) ::kill(children[i], SIGKILL), ::waitpid(children[i], nullptr, 0);
        // two beside this one; one when a sanitizer has a thread of its own
        ::_exit((made == 1 || made == 2) && made + refused == 8 ? 42 : 1);
    }));
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 42) << status;
    expect_removed(group);
}

TEST_P(CgroupTree, FreezeStopsAndThawContinues) {
    Group group = create();
    auto* beats = static_cast<std::atomic<std::uint64_t>*>(
        ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    ASSERT_NE(beats, MAP_FAILED);
    const pid_t child = start_in(group, [&] {
        for (;;) beats->fetch_add(1);
    });
    ASSERT_TRUE(eventually([&] { return beats->load() > 0; }));
    ASSERT_TRUE(freeze(group.freezer_directory(), 5000));
    const std::uint64_t frozen_at = beats->load();
    (void)::poll(nullptr, 0, 50);  // time in which a child that is not stopped would count on
    EXPECT_EQ(beats->load(), frozen_at);
    ASSERT_TRUE(thaw(group.freezer_directory()));
    EXPECT_TRUE(eventually([&] { return beats->load() > frozen_at; }));
    ::kill(child, SIGKILL);
    wait_for(child);
    ::munmap(beats, 4096);
    expect_removed(group);
}

TEST_P(CgroupTree, RemovesAFrozenGroupOnceItsProcessIsKilled) {
    Group group = create();
    const pid_t child = start_in(group, wait_for_ever);
    ASSERT_TRUE(eventually([&] { return kill(child, 0) == 0 && freeze(group.freezer_directory(), 5000); }));
    ::kill(child, SIGKILL);
    group.thaw();
    wait_for(child);
    expect_removed(group);
}

TEST_P(CgroupTree, RemoveSaysBusyKillsAndSucceedsLater) {
    Group group = create();
    int ready[2];
    ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);
    const pid_t child = start_in(group, [&] {
        if (::write(ready[1], "x", 1) != 1) ::_exit(97);
        wait_for_ever();
    });
    char byte;
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    const auto busy = tree_->remove(group);
    ASSERT_FALSE(busy.has_value());
    EXPECT_EQ(busy.error().sys, EBUSY);
    const int status = wait_for(child);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
    expect_removed(group);
    EXPECT_TRUE(tree_->remove(group).has_value());
    ::close(ready[0]);
    ::close(ready[1]);
}

TEST_P(CgroupTree, DestroyEndsWhatIsLeft) {
    Group group = create();
    int ready[2];
    ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);
    const pid_t child = start_in(group, [&] {
        if (::write(ready[1], "x", 1) != 1) ::_exit(97);
        wait_for_ever();
    });
    char byte;
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    ::close(ready[0]);
    ::close(ready[1]);
    EXPECT_TRUE(tree_->destroy().has_value());
    tree_.reset();
    const int status = wait_for(child);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
    EXPECT_EQ(directories_left(), 0U);
}

TEST_P(CgroupTree, SweepsWhatAKilledOwnerLeft) {
    EXPECT_TRUE(tree_->destroy().has_value());
    tree_.reset();
    int told[2];
    ASSERT_EQ(::pipe2(told, O_CLOEXEC), 0);
    const pid_t owner = ::fork();
    if (owner == 0) {  // an engine's life: two groups, a process in one, and then it is killed
        auto tree = Tree::open(kInstance, {GetParam(), 6000});
        if (!tree) ::_exit(1);
        auto empty = tree->create("domain-1", kLimits);
        auto group = tree->create("slot-1", kLimits);
        if (!empty || !group) ::_exit(2);
        const pid_t child = start_in(*group, [&] {
            { const Tree closed = std::move(*tree); }  // an orphan with the lock would look like a living engine
            const pid_t self = ::getpid();
            if (::write(told[1], &self, sizeof self) != sizeof self) ::_exit(97);
            wait_for_ever();
        });
        if (child < 0) ::_exit(3);
        wait_for_ever();
    }
    pid_t orphan = 0;
    ASSERT_EQ(::read(told[0], &orphan, sizeof orphan), static_cast<ssize_t>(sizeof orphan));
    const UniqueFd orphan_handle(static_cast<int>(::syscall(SYS_pidfd_open, orphan, 0)));
    ASSERT_TRUE(orphan_handle);
    ::kill(owner, SIGKILL);
    wait_for(owner);
    ::close(told[0]);
    ::close(told[1]);
    EXPECT_GT(directories_left(), 0U);
    open_again();
    EXPECT_EQ(tree_->swept(), 2U);
    pollfd ended{orphan_handle.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&ended, 1, 10'000), 1) << "process " << orphan << " outlived the sweep";
    Group group = create();
    expect_removed(group);
}

TEST_P(CgroupTree, RefusesAnInstanceThatIsOpenElsewhere) {
    const auto second = Tree::open(kInstance, {GetParam(), 0});
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().kind, ErrorKind::Conflict) << second.error().message();
    Group group = create();  // and the first one has not been harmed
    expect_removed(group);
}

TEST_P(CgroupTree, ALifeThatEndsTakesNothingOfTheNextWithIt) {
    for (int life = 0; life < 20; ++life) {
        std::vector<Group> groups;  // so that its end takes a while
        for (int i = 0; i < 20; ++i) groups.push_back(std::move(*tree_->create("g" + std::to_string(i), kLimits)));
        std::optional<Tree> ending = std::exchange(tree_, std::nullopt);
        const std::size_t before = directories_left();
        std::thread end([&] {
            EXPECT_TRUE(ending->destroy().has_value());
            ending.reset();
        });
        while (directories_left() == before) {}
        open_again();  // with a part of the life before already gone
        end.join();
        ASSERT_TRUE(tree_);
        const auto group = tree_->create("g", kLimits);
        ASSERT_TRUE(group.has_value()) << life << ": " << group.error().message();
    }
}

TEST_P(CgroupTree, LeavesNoPartOfAGroupThatCannotBeMade) {
    Group group = create();
    const std::size_t before = group.attach_fds().size();
    const auto again = tree_->create("slot-1", kLimits);
    ASSERT_FALSE(again.has_value());
    EXPECT_EQ(again.error().kind, ErrorKind::Conflict);
    EXPECT_EQ(group.attach_fds().size(), before);
    const int status = wait_for(start_in(group, [] {}));  // the first of that name is whole
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
    expect_removed(group);
    // a limit the kernel refuses after the first directories have been made
    const auto refused = tree_->create("slot-2", {.memory = mebibytes(32), .pids = 1U << 31, .cpu_weight = 100});
    ASSERT_FALSE(refused.has_value());
    EXPECT_NE(refused.error().message().find("pids.max"), std::string::npos) << refused.error().message();
    EXPECT_TRUE(tree_->create("slot-2", kLimits).has_value());
}

TEST_P(CgroupTree, EntersAGroupWithoutAStallInEveryLife) {
    for (int life = 0; life < 3; ++life) {
        if (Driver::V1 != GetParam()) {  // v1 needs none: a write of "0" to tasks does not stall
            std::ifstream own("/proc/self/cgroup");
            const std::string text((std::istreambuf_iterator<char>(own)), {});
            EXPECT_NE(text.find(":name=moves-"), std::string::npos) << tree_->remarks();
        }
        EXPECT_EQ(tree_->remarks(), "");
        EXPECT_TRUE(tree_->destroy().has_value());
        open_again();
    }
}

TEST_P(CgroupTree, RefusesNamesAndLimitsOutOfRule) {
    for (const char* name : {"", "..", "a/b", "A"}) EXPECT_FALSE(tree_->create(name, kLimits).has_value()) << name;
    EXPECT_FALSE(tree_->create("a", {.memory = Bytes{0}, .pids = 1, .cpu_weight = 100}).has_value());
    EXPECT_FALSE(tree_->create("a", {.memory = mebibytes(1), .pids = 0, .cpu_weight = 100}).has_value());
    EXPECT_FALSE(tree_->create("a", {.memory = mebibytes(1), .pids = 1, .cpu_weight = 10001}).has_value());
    EXPECT_FALSE(Tree::open("../x").has_value());
}

// ---- places on cgroup2: what the engine does depends on the group it is started in ----------------------------------

constexpr const char* kService = "hotcell-testservice";

/// A group beside all others, as systemd makes one for a service, and a child in it that plays the engine.
class CgroupPlace : public ::testing::Test {
protected:
    void SetUp() override {
        HOTCELL_REQUIRES(root(), serves(Driver::V2));
        auto layout = find_layout(Driver::V2);
        ASSERT_TRUE(layout.has_value());
        top_ = std::move(layout->unified->top);
        for (const char* controller : {"+memory", "+pids", "+cpu"})
            ASSERT_TRUE(write_file(top_, "cgroup.subtree_control", controller).has_value());
        auto made = make_directory(top_, kService);
        ASSERT_TRUE(made.has_value()) << made.error().message();
        service_ = std::move(*made);
    }
    void TearDown() override {
        if (!service_.fd) return;
        EXPECT_TRUE(remove_tree(top_, kService, monotonic_ns() + kPatienceNs).has_value());
        EXPECT_EQ(directories_left(), 0U);
    }
    void delegate() {
        ASSERT_EQ(::fsetxattr(service_.fd.get(), "trusted.delegate", "1", 1, 0), 0) << std::strerror(errno);
    }
    /// Runs `life` in a process that is in the service's group; it answers with an exit status.
    int live_in_service(const std::function<int()>& life) {
        const pid_t child = ::fork();
        if (child == 0) ::_exit(write_file(service_, "cgroup.procs", "0").has_value() ? life() : 90);
        const int status = wait_for(child);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    /// One life of an engine whose directory is to be below `place`; 0 or the number of the step that went wrong.
    int live(const Directory& place, bool at_top) {
        auto tree = Tree::open(kInstance);
        if (!tree) return std::fprintf(stderr, "%s\n", tree.error().message().c_str()), 1;
        if ((tree->remarks().find("not delegated") != std::string::npos) != at_top) return 2;
        if (!has_entry(place, kDirectory)) return 3;
        auto group = tree->create("slot-1", kLimits);
        if (!group) return std::fprintf(stderr, "%s\n", group.error().message().c_str()), 4;
        const int status = wait_for(start_in(*group, [] { touch_memory(256 << 20); }));
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) return 5;
        if (!eventually([&] { return tree->remove(*group).has_value(); })) return 6;
        return tree->destroy() ? 0 : 7;
    }
    Directory top_;
    Directory service_;
};

TEST_F(CgroupPlace, UsesADelegatedGroupAfterMovingItsProcessesIntoALeaf) {
    delegate();
    EXPECT_EQ(live_in_service([&] {
                  if (const int wrong = live(service_, false)) return wrong;
                  const auto own = find_layout(Driver::V2);
                  return own && own->unified->own == std::string(kService) + "/hotcell-engine" ? 0 : 10;
              }),
              0);
}

TEST_F(CgroupPlace, FindsTheDelegatedGroupAgainFromItsOwnLeaf) {
    delegate();
    EXPECT_EQ(live_in_service([&] {
                  if (const int wrong = live(service_, false)) return wrong;
                  return live(service_, false) * 10;
              }),
              0);
}

TEST_F(CgroupPlace, GoesToTheTopWhenItsGroupIsNotDelegated) {
    EXPECT_EQ(live_in_service([&] {
                  if (const int wrong = live(top_, true)) return wrong;
                  const auto own = find_layout(Driver::V2);  // and no process has been moved
                  return own && own->unified->own == kService ? 0 : 10;
              }),
              0);
}

/// In a container: a namespace whose top is the service's group, and a mount that shows nothing above it.
int enter_namespace() {
    if (::unshare(CLONE_NEWNS | CLONE_NEWCGROUP) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        return 91;
    if (::umount2("/sys/fs/cgroup", MNT_DETACH) != 0 ||
        ::mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, nullptr) != 0)
        return 92;
    return 0;
}

TEST_F(CgroupPlace, UsesTheTopOfANamespaceAfterMovingItsProcessesIntoALeaf) {
    EXPECT_EQ(live_in_service([&] {
                  if (const int wrong = enter_namespace()) return wrong;
                  const auto place = open_directory("/sys/fs/cgroup");
                  return place ? live(*place, false) : 93;
              }),
              0);
}

TEST_F(CgroupPlace, SaysWhatToDoWhenItMayNotMakeGroupsAnywhere) {
    EXPECT_EQ(live_in_service([&] {
                  if (const int wrong = enter_namespace()) return wrong;
                  auto place = open_directory("/sys/fs/cgroup");
                  if (!place || !make_directory(*place, "inner")) return 93;
                  const auto inner = open_directory(*place, "inner");
                  if (!inner || !write_file(*inner, "cgroup.procs", "0")) return 94;
                  const auto tree = Tree::open(kInstance);
                  if (tree) return 1;
                  return tree.error().message().find("Delegate=yes") != std::string::npos &&
                                 !has_entry(*inner, kDirectory)
                             ? 0
                             : 2;
              }),
              0);
}

INSTANTIATE_TEST_SUITE_P(Drivers, CgroupTree, ::testing::Values(Driver::V1, Driver::Hybrid, Driver::V2),
                         [](const auto& driver) { return std::string(name_of(driver.param)); });

}  // namespace
}  // namespace hotcell::linux::cgroup
