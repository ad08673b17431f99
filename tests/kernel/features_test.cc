// What is said of this machine must agree with what the machine does.
#include "engine/linux/features.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "engine/linux/cgroup/layout.h"
#include "engine/linux/raw/calls.h"
#include "tests/support/requires.h"

namespace hotcell::linux {
namespace {

const Feature* find(const std::vector<Feature>& features, const std::string& name) {
    const auto found = std::find_if(features.begin(), features.end(), [&](const Feature& f) { return f.name == name; });
    return found == features.end() ? nullptr : &*found;
}

TEST(Features, EachHasOneNameAStateAndAReasonAndAHintWhenMissing) {
    std::set<std::string> names;
    for (const Feature& feature : describe_features()) {
        EXPECT_TRUE(names.insert(feature.name).second) << feature.name;
        EXPECT_TRUE(feature.state == "yes" || feature.state == "no" || feature.state == "degraded") << feature.name;
        EXPECT_FALSE(feature.reason.empty()) << feature.name;
        if (feature.state != "yes") { EXPECT_FALSE(feature.hint.empty()) << feature.name << ": " << feature.reason; }
    }
}

TEST(Features, NamesTheDriverOfControlGroupsThatIsChosen) {
    const auto features = describe_features();
    const Feature* cgroups = find(features, "cgroups");
    ASSERT_NE(cgroups, nullptr);
    const auto layout = cgroup::find_layout();
    ASSERT_EQ(layout.has_value(), cgroups->state != "no");
    if (layout) { EXPECT_TRUE(cgroups->reason.starts_with(cgroup::name_of(layout->driver))) << cgroups->reason; }
}

TEST(Features, AgreesWithTheKernelOnUserNamespaces) {
    HOTCELL_REQUIRES(hotcell::testing::root());
    const long child = raw::clone_process(CLONE_NEWUSER, nullptr, SIGCHLD);
    if (child == 0) ::_exit(0);
    if (child > 0) ::waitpid(static_cast<pid_t>(child), nullptr, 0);
    const auto features = describe_features();
    EXPECT_EQ(find(features, "user-namespaces")->state == "yes", child > 0) << child;
}

TEST(Features, LeavesNoDescriptorBehind) {
    const int before = ::dup(0);
    ::close(before);
    (void)describe_features();
    const int after = ::dup(0);
    ::close(after);
    EXPECT_EQ(before, after);
}

}  // namespace
}  // namespace hotcell::linux
