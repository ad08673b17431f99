// What is read from /proc/self/{mountinfo,cgroup}, on texts of real machines. No root.
#include "engine/linux/cgroup/layout.h"

#include <gtest/gtest.h>

#include "engine/linux/cgroup/controllers.h"

namespace hotcell::linux::cgroup {
namespace {

constexpr const char* kHybrid =
    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:4 - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 /docker/ab /sys/fs/cgroup/with\\040blank rw - cgroup cgroup rw,memory\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate\n";

TEST(CgroupLayout, ReadsControlGroupMountsAndNothingElse) {
    const auto mounts = parse_mounts(kHybrid);
    ASSERT_EQ(mounts.size(), 3U);
    EXPECT_EQ(mounts[0].controllers, (std::vector<std::string>{"rw", "cpu", "cpuacct"}));
    EXPECT_FALSE(mounts[0].unified);
    EXPECT_TRUE(mounts[2].unified);
    EXPECT_EQ(mounts[2].place, "/sys/fs/cgroup/unified");
}

TEST(CgroupLayout, UnescapesBlanksInPlaces) {
    const auto mounts = parse_mounts(kHybrid);
    ASSERT_EQ(mounts.size(), 3U);
    EXPECT_EQ(mounts[1].place, "/sys/fs/cgroup/with blank");
    EXPECT_EQ(mounts[1].root, "/docker/ab");
}

TEST(CgroupLayout, IgnoresLinesThatAreCutShort) {
    EXPECT_TRUE(parse_mounts("41 31 0:38 / /x rw - cgroup2\n\n41\n").empty());
}

TEST(CgroupLayout, KeepsOwnPathsByController) {
    const auto paths = parse_own_paths("4:memory:/a/b:c\n2:cpu,cpuacct:/\n0::/user.slice\n9:name=systemd:/x\nbroken\n");
    EXPECT_EQ(paths.at("memory"), "/a/b:c");
    EXPECT_EQ(paths.at("cpu"), "/");
    EXPECT_EQ(paths.at("cpuacct"), "/");
    EXPECT_EQ(paths.at(""), "/user.slice");
}

TEST(CgroupLayout, TakesTheMountedSubtreeOffTheOwnPath) {
    EXPECT_EQ(path_below("/", "/a/b"), "a/b");
    EXPECT_EQ(path_below("/", "/"), "");
    EXPECT_EQ(path_below("/docker/ab", "/docker/ab/c"), "c");
    EXPECT_EQ(path_below("/docker/ab", "/docker/ab"), "");
}

TEST(CgroupLayout, SaysTopWhereTheOwnGroupCannotBeSeen) {
    EXPECT_EQ(path_below("/docker/ab", "/docker/abc"), "");
    EXPECT_EQ(path_below("/docker/ab", "/other"), "");
    EXPECT_EQ(path_below("/", "/../outside"), "");
}

TEST(CgroupControllers, KeepsSharesWithinWhatTheKernelTakes) {
    EXPECT_EQ(shares_of(1), 10U);
    EXPECT_EQ(shares_of(100), 1024U);
    EXPECT_EQ(shares_of(10000), 102400U);
    EXPECT_EQ(shares_of(0), 2U);
}

}  // namespace
}  // namespace hotcell::linux::cgroup
