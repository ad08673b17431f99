#include "engine/linux/cgroup/delegation.h"

#include <sys/xattr.h>

#include <algorithm>
#include <cerrno>
#include <sstream>

namespace hotcell::linux::cgroup {

namespace {

constexpr int kMoveRounds = 20;  // processes may fork while they are being moved

std::vector<std::string> words_of(const std::string& text) {
    std::istringstream stream(text);
    std::vector<std::string> words;
    for (std::string word; stream >> word;) words.push_back(word);
    return words;
}

bool is_delegated(const Directory& group) {
    for (const char* name : {"trusted.delegate", "user.delegate"}) {
        char value[8] = {};
        if (::fgetxattr(group.fd.get(), name, value, sizeof value - 1) > 0 && std::string_view(value) == "1")
            return true;
    }
    return false;
}

/// The group itself may hold no process once its controllers are enabled for its children.
Result<> move_processes_to_leaf(const Directory& group) {
    if (!has_entry(group, kEngineLeaf)) {
        auto made = make_directory(group, kEngineLeaf);
        if (!made && made.error().sys != EEXIST) return std::unexpected(std::move(made).error());
    }
    const Directory leaf = TRY(open_directory(group, kEngineLeaf));
    for (int round = 0; round < kMoveRounds; ++round) {
        const auto pids = words_of(TRY(read_file(group, "cgroup.procs")));
        if (pids.empty()) return {};
        for (const std::string& pid : pids) {
            if (pid == "0") continue;  // of a pid namespace that we cannot see
            auto moved = write_file(leaf, "cgroup.procs", pid);
            if (!moved && moved.error().sys != ESRCH) return moved;
        }
    }
    return fail(ErrorKind::Conflict, "move the processes of " + group.path + " into " + leaf.path,
                "new ones keep appearing there; give hotcell a group of its own");
}

/// Our own group, or the one above it when an earlier life moved us into the leaf.
std::string own_group(const std::string& own) {
    const std::size_t slash = own.rfind('/');
    const std::string last = slash == std::string::npos ? own : own.substr(slash + 1);
    if (last != kEngineLeaf) return own;
    return slash == std::string::npos ? std::string() : own.substr(0, slash);
}

}  // namespace

Result<Place> find_place(const Hierarchy& unified) {
    const std::string own = own_group(unified.own);
    Directory group = TRY(open_directory(unified.top, own.empty() ? "." : own));
    if (own.empty()) group.path = unified.top.path;
    const bool real_top = !has_entry(unified.top, "cgroup.type");  // the one group that has no type
    if (!own.empty() && is_delegated(group)) {
        TRY(move_processes_to_leaf(group));
        return Place{std::move(group), {}};
    }
    if (real_top) {
        Directory top = TRY(open_directory(unified.top, "."));
        top.path = unified.top.path;
        return Place{std::move(top), own.empty() ? "" : "/" + own + " is not delegated: control groups are at the top"};
    }
    if (own.empty()) {  // of a namespace: everything in sight is ours
        TRY(move_processes_to_leaf(group));
        return Place{std::move(group), {}};
    }
    return std::unexpected(Error{ErrorKind::Kernel, EPERM, "make control groups below " + group.path,
                                 "it is not delegated; start hotcelld as a systemd service with Delegate=yes, or with "
                                 "systemd-run --scope -p Delegate=yes"});
}

Result<std::vector<std::string>> enable_controllers(const Directory& group, const std::vector<std::string>& controllers,
                                                    const std::vector<std::string>& optional) {
    const auto offered = words_of(TRY(read_file(group, "cgroup.controllers")));
    std::vector<std::string> missing;
    for (const std::string& controller : controllers) {
        const auto has = [&](const std::vector<std::string>& list) {
            return std::find(list.begin(), list.end(), controller) != list.end();
        };
        if (has(offered)) {
            TRY(write_file(group, "cgroup.subtree_control", "+" + controller));
        } else if (has(optional)) {
            missing.push_back(controller);
        } else {
            return fail(ErrorKind::NotFound,
                        "the controller " + controller + " is not in " + group.path_of("cgroup.controllers"),
                        "enable it in cgroup.subtree_control of the group above, or Delegate=yes in the systemd unit");
        }
    }
    return missing;
}

}  // namespace hotcell::linux::cgroup
