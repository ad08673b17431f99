// Which hierarchies this machine has mounted, where this process is in each, and which driver follows from that.
//
// Here: reading /proc/self/{cgroup,mountinfo}, and a cgroup2 mount of our own where none is in sight. Not here: making
// or changing a group. Threads: pure but for the reads. Kernel: cgroups(7), proc(5), cgroup-v2.rst.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/linux/cgroup/directory.h"

namespace hotcell::linux::cgroup {

enum class Driver {
    V1,      // limits and freezer by v1 controllers
    Hybrid,  // limits by v1 controllers; freeze and kill by the cgroup2 tree beside them
    V2,      // all by cgroup2
};
const char* name_of(Driver driver);  // "v1", "hybrid", "v2"

/// A line of /proc/self/mountinfo that is a control group mount.
struct Mount {
    bool unified = false;
    std::vector<std::string> controllers;  // v1 only, with options such as "rw" among them
    std::string root;                      // the group that is shown at `place`
    std::string place;
};
std::vector<Mount> parse_mounts(std::string_view mountinfo);

/// Own path by controller, "" for cgroup2, from the text of /proc/self/cgroup.
std::map<std::string, std::string> parse_own_paths(std::string_view cgroup);

/// `own` as seen below a mount that shows `root`: without a leading slash, empty for the top or when it lies outside.
std::string path_below(std::string_view root, std::string_view own);

/// One hierarchy as far as it can be seen.
struct Hierarchy {
    Directory top;
    std::string own;                       // our own group below `top`, may be empty
    std::vector<std::string> controllers;  // of "memory", "cpu", "pids", "freezer" those that it is to serve
};

struct Layout {
    Driver driver = Driver::V2;
    std::string reason;                // in words
    std::optional<Hierarchy> unified;  // V2, Hybrid
    std::vector<Hierarchy> v1;         // V1, Hybrid: one entry a mount
};

/// Chooses the driver, or takes `wanted`. Kernel or NotFound with a hint when the machine cannot serve it.
Result<Layout> find_layout(std::optional<Driver> wanted = {});

}  // namespace hotcell::linux::cgroup
