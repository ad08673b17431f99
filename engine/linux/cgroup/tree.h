// The control groups of one engine: a directory hotcell-<instance> in every hierarchy that serves it, and in it one
// group per domain and slot.
//
// Here: making, limiting and removing groups; sweeping what an earlier life of the instance left; telling apart v1,
// hybrid and v2 so that nobody above has to. Not here: who is put into a group (the process writes "0" to the attach
// files itself while it has one thread), how much it may use.
// Places: below the engine's own group in every v1 hierarchy; on cgroup2 below its own group when that was delegated
// (systemd's Delegate=yes, or the top of a cgroup namespace), otherwise at the top of the hierarchy.
// Threads: an object stays with one thread. Kernel: cgroups(7), cgroup-v2.rst; costs: mkdir to limits about 0.2 ms.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/linux/cgroup/controllers.h"
#include "engine/linux/cgroup/directory.h"
#include "engine/linux/cgroup/layout.h"

namespace hotcell::linux::cgroup {

/// One group, in all hierarchies. The directories stay when the object goes: Tree::remove takes them away.
class Group {
public:
    Group() = default;

    /// Files to write "0" to, in this order, from the process that is to join; it must have one thread (tasks moves a
    /// thread). v1: `tasks` of memory, cpu, pids and, without cgroup2, freezer; cgroup2: `cgroup.procs`. At most five.
    std::vector<int> attach_fds() const;

    /// Gives the descriptor away; empty when this kernel has no such file, or the second time.
    UniqueFd take(GroupFile file) { return std::move(file_of(files_, file)); }

    /// The directory for freezer.h; its cgroup.procs lists the members.
    int freezer_directory() const { return freezer_.get(); }
    void thaw() const;

private:
    friend class Tree;
    std::string name_;
    std::vector<UniqueFd> attach_;
    GroupFiles files_;
    UniqueFd freezer_;
};

struct TreeOptions {
    std::optional<Driver> driver;      // unset: what the machine suggests
    std::uint32_t patience_ms = 6000;  // for an earlier life of the instance to end
};

class Tree {
public:
    /// Sweeps what `instance` ([0-9a-z]{1,31}) left behind, wherever in the hierarchies, and makes its directories.
    ///
    /// Fails with Conflict while another process has the instance open, NotFound when no driver fits, Kernel with path
    /// and hint when a directory cannot be made or a controller not be enabled. Nothing new is left on failure.
    /// cgroup2 in a delegated group: moves the processes of that group into its child `hotcell-engine`, which stays.
    static Result<Tree> open(std::string_view instance, const TreeOptions& options = {});

    /// Makes a group. `name` is [0-9a-z-]{1,63}. Fails with InvalidArgument, Conflict if there is one of that name, or
    /// Kernel; no hierarchy keeps a part of it then.
    Result<Group> create(const std::string& name, const Limits& limits);

    /// Removes it from all hierarchies. Kernel(EBUSY) while the kernel is not done with a process in it; what was still
    /// alive in it has been killed then: call again later. Removing twice is fine.
    Result<> remove(Group& group);

    /// Kills and removes all groups and the directories themselves. Waits up to two seconds for the kernel.
    Result<> destroy();

    std::uint32_t swept() const { return swept_; }  // groups of an earlier life, removed by open()
    Driver driver() const { return driver_; }
    const char* driver_name() const { return name_of(driver_); }
    const std::string& remarks() const { return remarks_; }  // for the log, one line, may be empty

private:
    struct Branch {
        Directory parent;
        Directory directory;
        bool unified = false;
        std::vector<std::string> controllers;  // v1 only
    };

    Tree() = default;
    Result<> sweep(const Directory& top, std::uint64_t deadline_ns, bool holds_lock);
    Result<> plant(Directory parent, const Hierarchy& hierarchy, bool unified);
    Result<> enable_controllers();
    Result<> fill(Group& group, const Limits& limits, std::size_t& made);
    void remark(std::string_view text);

    Driver driver_ = Driver::V2;
    std::string directory_name_;
    std::vector<Branch> branches_;  // the first one's directory is locked (flock(2)) while the tree is open
    UniqueFd swift_moves_;          // a mount that keeps favordynmods on, see open()
    std::uint32_t swept_ = 0;
    std::string remarks_;
};

}  // namespace hotcell::linux::cgroup
