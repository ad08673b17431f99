// Slots built and destroyed by the thousand: every count of the machine and of the privileged processes is where it was.
#include <gtest/gtest.h>

#include <dirent.h>
#include <poll.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "tests/support/warden_process.h"

namespace hotcell::test {
namespace {

long entries_of(const std::string& path) {
    long count = 0;
    std::error_code error;
    for (auto at = std::filesystem::directory_iterator(path, error);
         !error && at != std::filesystem::directory_iterator(); at.increment(error))
        ++count;
    return count;
}

long lines_of(const std::string& path) {
    std::ifstream file(path);
    long count = 0;
    for (std::string line; std::getline(file, line);) ++count;
    return count;
}

/// Control groups below any directory of ours, in every mounted hierarchy.
long groups_of(const std::string& instance) {
    long count = 0;
    std::ifstream mounts("/proc/self/mountinfo");
    for (std::string line; std::getline(mounts, line);) {
        if (line.find(" - cgroup") == std::string::npos) continue;
        std::string field;
        std::size_t at = 0;
        for (int i = 0; i < 4; ++i) at = line.find(' ', at) + 1;
        const std::string root = line.substr(at, line.find(' ', at) - at);
        std::error_code error;
        for (auto entry = std::filesystem::recursive_directory_iterator(root, error);
             !error && entry != std::filesystem::recursive_directory_iterator(); entry.increment(error))
            if (entry->is_directory() && entry->path().string().find("/hotcell-" + instance) != std::string::npos)
                ++count;
    }
    return count;
}

using Counts = std::map<std::string, long>;

Counts count(const WardenProcess& warden) {
    Counts counts;
    const std::string builder = "/proc/" + std::to_string(warden.builder_pid());
    const std::string fast = "/proc/" + std::to_string(warden.pid());
    counts["descriptors of the builder"] = entries_of(builder + "/fd");
    counts["descriptors of the warden"] = entries_of(fast + "/fd");
    counts["mounts of the builder"] = lines_of(builder + "/mountinfo");
    counts["mounts of the host"] = lines_of("/proc/self/mountinfo");
    counts["control groups"] = groups_of("test");
    counts["links of the host"] = entries_of("/sys/class/net");
    long processes = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        std::ifstream name(entry.path() / "comm");
        std::string text;
        if (std::getline(name, text) && text.starts_with("hotcell-")) ++processes;
    }
    counts["processes of ours"] = processes;
    return counts;
}

TEST(Churn, TenThousandSlotsLeaveNothing) {
    WardenProcess warden{WardenOptions{}};
    const auto domain = warden.build_domain(0);
    ASSERT_TRUE(domain.ok());
    const auto once = [&](int round) {
        const bool executor = round % 2 == 0;
        const auto slot = warden.build_slot(domain, executor);
        ASSERT_TRUE(slot.ok()) << round << ": "
                               << protocol::step_name(static_cast<std::uint16_t>(slot.reply.failure.step)) << " "
                               << slot.reply.failure.sys;
        if (round % 8 == 1) { ASSERT_GT(warden.fork_into(domain, slot).pid, 0) << round; }
        ASSERT_TRUE(warden.destroy_slot(slot)) << round;
    };
    for (int round = 0; round < 16; ++round) once(round);
    const Counts before = count(warden);
    for (int round = 0; round < 10'000 && !HasFailure(); ++round) once(round);
    // the kernel takes namespaces and groups apart after their last process: wait for the last of them
    const auto more = [&](const Counts& after) {
        std::string names;
        for (const auto& [name, number] : before)
            if (after.at(name) > number) names += name + ": " + std::to_string(after.at(name) - number) + " more; ";
        return names;
    };
    std::string left = more(count(warden));
    for (int i = 0; i < 500 && !left.empty(); ++i) {
        ::poll(nullptr, 0, 10);
        left = more(count(warden));
    }
    EXPECT_EQ(left, "");
}

}  // namespace
}  // namespace hotcell::test
