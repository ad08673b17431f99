#include "engine/linux/cgroup/tree.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "engine/base/clock.h"
#include "engine/linux/cgroup/delegation.h"
#include "engine/linux/cgroup/freezer.h"
#include "engine/linux/cgroup/sweep.h"
#include "engine/linux/cgroup/swift_moves.h"

namespace hotcell::linux::cgroup {

namespace {

constexpr std::uint64_t kNanosPerMilli = 1'000'000;
constexpr std::uint64_t kRemoveNs = 2'000'000'000;
constexpr int kAskAgainMs = 5;
constexpr std::size_t kLongestInstance = 31;
constexpr std::size_t kLongestGroup = 63;

bool is_name(std::string_view text, std::size_t longest, bool dashes) {
    const auto fits = [&](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (dashes && c == '-'); };
    return !text.empty() && text.size() <= longest && std::all_of(text.begin(), text.end(), fits);
}

/// The group this process is in, or the top where that cannot be seen (a container that shows another subtree).
Result<Directory> own_directory(const Hierarchy& hierarchy) {
    if (!hierarchy.own.empty()) {
        auto own = open_directory(hierarchy.top, hierarchy.own);
        if (own || own.error().sys != ENOENT) return own;
    }
    Directory top = TRY(open_directory(hierarchy.top, "."));
    top.path = hierarchy.top.path;
    return top;
}

/// Locks a directory against other engines of the same instance, until its last descriptor is closed.
Result<> lock(const Directory& directory, std::uint64_t deadline_ns) {
    while (::flock(directory.fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) return fail_errno(errno, "lock " + directory.path);
        if (monotonic_ns() >= deadline_ns)
            return fail(ErrorKind::Conflict, directory.path + " is in use by a running engine",
                        "stop it, or give this one another run directory");
        (void)::poll(nullptr, 0, kAskAgainMs);  // a lock of this kind cannot be waited for with a deadline
    }
    return {};
}

Result<> check(const std::string& name, const Limits& limits) {
    if (!is_name(name, kLongestGroup, true))
        return fail(ErrorKind::InvalidArgument, "the name of a control group is [0-9a-z-]{1,63}, not \"" + name + "\"");
    if (limits.memory.count < 4096)
        return fail(ErrorKind::InvalidArgument,
                    "memory is at least 4096 bytes, not " + std::to_string(limits.memory.count));
    if (limits.pids < 1) return fail(ErrorKind::InvalidArgument, "pids is at least 1, not 0");
    if (limits.cpu_weight < 1 || limits.cpu_weight > 10000)
        return fail(ErrorKind::InvalidArgument, "cpu_weight is 1..10000, not " + std::to_string(limits.cpu_weight));
    return {};
}

}  // namespace

std::vector<int> Group::attach_fds() const {
    std::vector<int> fds;
    for (const UniqueFd& file : attach_) fds.push_back(file.get());
    return fds;
}

void Group::thaw() const { (void)cgroup::thaw(freezer_.get()); }

Result<Tree> Tree::open(std::string_view instance, const TreeOptions& options) {
    if (!is_name(instance, kLongestInstance, false))
        return fail(ErrorKind::InvalidArgument,
                    "the name of an instance is [0-9a-z]{1,31}, not \"" + std::string(instance) + "\"");
    const Layout layout = TRY(find_layout(options.driver));
    Tree tree;
    tree.driver_ = layout.driver;
    tree.directory_name_ = "hotcell-" + std::string(instance);

    // cgroup2 first: it ends the processes of an earlier life with one write, and its directory is the one we lock
    const std::uint64_t deadline = monotonic_ns() + options.patience_ms * kNanosPerMilli;
    if (layout.unified) TRY(tree.sweep(layout.unified->top, deadline, true));
    for (const Hierarchy& hierarchy : layout.v1)
        TRY(tree.sweep(hierarchy.top, deadline, !layout.unified && &hierarchy == &layout.v1.front()));

    const auto plant_all = [&]() -> Result<> {
        if (layout.unified) {
            Directory parent;
            if (layout.driver == Driver::V2) {
                Place place = TRY(find_place(*layout.unified));
                if (!place.remark.empty()) tree.remark(place.remark);
                parent = std::move(place.directory);
            } else {
                parent = TRY(own_directory(*layout.unified));
            }
            TRY(tree.plant(std::move(parent), *layout.unified, true));
        }
        for (const Hierarchy& hierarchy : layout.v1) {
            Directory parent = TRY(own_directory(hierarchy));
            TRY(tree.plant(std::move(parent), hierarchy, false));
        }
        return layout.driver == Driver::V2 ? tree.enable_controllers() : Result<>{};
    };
    if (auto planted = plant_all(); !planted) {
        (void)tree.destroy();
        return std::unexpected(std::move(planted).error());
    }
    if (layout.unified) {
        // a new name for each life: the hierarchy of the last one may still be on its way out
        // every sandbox sees this name in its /proc/self/cgroup: it tells nothing but that it is unique
        const std::string name = "moves-" + std::to_string(monotonic_ns());
        if (auto swift = mount_swift_hierarchy(name))
            tree.swift_moves_ = std::move(*swift);
        else
            tree.remark("entering a group may take milliseconds after idle: " + swift.error().message());
    }
    return tree;
}

Result<> Tree::sweep(const Directory& top, std::uint64_t deadline_ns, bool holds_lock) {
    std::uint32_t groups = 0;
    for (const std::string& path : find_directories(top, directory_name_)) {
        const std::size_t slash = path.rfind('/');
        const auto parent = open_directory(top, slash == std::string::npos ? "." : path.substr(0, slash));
        if (!parent) continue;  // gone meanwhile
        const auto old = open_directory(*parent, directory_name_);
        if (!old) continue;
        if (holds_lock) TRY(lock(*old, deadline_ns));
        groups += TRY_IN("sweep an earlier life", remove_tree(*parent, directory_name_, deadline_ns));
    }
    swept_ = std::max(swept_, groups);
    return {};
}

Result<> Tree::plant(Directory parent, const Hierarchy& hierarchy, bool unified) {
    Directory directory = TRY(make_directory(parent, directory_name_));
    branches_.push_back({std::move(parent), std::move(directory), unified, hierarchy.controllers});
    if (branches_.size() == 1) TRY(lock(branches_.front().directory, 0));
    return {};
}

Result<> Tree::enable_controllers() {
    const std::vector<std::string> controllers{"memory", "pids", "cpu"};
    for (const auto& missing : TRY(cgroup::enable_controllers(branches_.front().parent, controllers, {"cpu"})))
        remark("no " + missing + " controller: its limits do not hold");
    TRY(cgroup::enable_controllers(branches_.front().directory, controllers, {"cpu"}));
    return {};
}

Result<Group> Tree::create(const std::string& name, const Limits& limits) {
    TRY(check(name, limits));
    Group group;
    group.name_ = name;
    std::size_t made = 0;
    auto filled = fill(group, limits, made);
    if (filled) return group;
    for (std::size_t i = 0; i < made; ++i) (void)remove_directory(branches_[i].directory, name);
    return std::unexpected(std::move(filled).error());
}

Result<> Tree::fill(Group& group, const Limits& limits, std::size_t& made) {
    // v1 first, in the order of the branches behind the unified one: attach files go by the promise of attach_fds()
    UniqueFd unified_procs;
    for (const Branch& branch : branches_) {
        Directory directory = TRY(make_directory(branch.directory, group.name_));
        ++made;
        if (branch.unified) {
            if (driver_ == Driver::V2) TRY(set_up_v2(directory, limits, group.files_));
            unified_procs = TRY(open_file(directory, "cgroup.procs", O_WRONLY));
            file_of(group.files_, GroupFile::Freeze) = TRY(open_file(directory, "cgroup.freeze", O_WRONLY));
            group.freezer_ = std::move(directory.fd);
            continue;
        }
        bool freezes = false;
        for (const std::string& controller : branch.controllers) {
            TRY(set_up_v1(directory, controller, limits, group.files_));
            freezes = freezes || controller == "freezer";
        }
        group.attach_.push_back(TRY(open_file(directory, "tasks", O_WRONLY)));
        if (freezes) group.freezer_ = std::move(directory.fd);
    }
    if (unified_procs) group.attach_.push_back(std::move(unified_procs));
    return {};
}

Result<> Tree::remove(Group& group) {
    if (group.name_.empty()) return {};
    for (const Branch& branch : branches_) {
        auto removed = remove_directory(branch.directory, group.name_);
        if (removed) continue;
        if (removed.error().sys == EBUSY) {
            if (const auto directory = open_directory(branch.directory, group.name_)) (void)kill_all(*directory);
            group.thaw();  // the dead leave the v1 freezer only when it lets them go
        }
        return removed;
    }
    group = Group();
    return {};
}

Result<> Tree::destroy() {
    Result<> first;
    const std::uint64_t deadline = monotonic_ns() + kRemoveNs;
    // the first branch last: it is the locked one, and the next life begins as soon as it is not there any more
    for (auto branch = branches_.rbegin(); branch != branches_.rend(); ++branch) {
        auto removed = remove_tree(branch->parent, directory_name_, deadline);
        if (!removed && first) first = std::unexpected(std::move(removed).error());
    }
    branches_.clear();
    swift_moves_.reset();
    return first;
}

void Tree::remark(std::string_view text) {
    if (!remarks_.empty()) remarks_ += "; ";
    remarks_ += text;
}

}  // namespace hotcell::linux::cgroup
