#include "engine/linux/cgroup/sweep.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <sstream>

#include "engine/base/clock.h"
#include "engine/linux/cgroup/freezer.h"

namespace hotcell::linux::cgroup {

namespace {

constexpr int kDeepest = 16;
constexpr int kLookAgainMs = 1;

std::set<pid_t> members(const Directory& group) {
    std::set<pid_t> pids;
    const auto text = read_file(group, "cgroup.procs");
    if (!text) return pids;
    std::istringstream lines(*text);
    for (pid_t pid; lines >> pid;)
        if (pid > 0) pids.insert(pid);  // 0: a process of a pid namespace that we cannot see
    return pids;
}

/// v1: by number, but only those that are still members once we hold them by descriptor, so no stranger is hit.
void kill_members(const Directory& group) {
    std::vector<std::pair<pid_t, UniqueFd>> held;
    for (const pid_t pid : members(group)) {
        UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
        if (process) held.emplace_back(pid, std::move(process));
    }
    const auto still = members(group);
    for (const auto& [pid, process] : held)
        if (still.contains(pid)) (void)::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0);
    (void)thaw(group.fd.get());  // what the v1 freezer holds dies only when it is let go
}

/// Waits until something changes in `group`, at most a millisecond on v1, which tells nothing.
void wait_for_change(const Directory& group) {
    const auto events = open_file(group, "cgroup.events", O_RDONLY);
    if (!events) return (void)::poll(nullptr, 0, kLookAgainMs);
    const auto text = read_all(events->get(), group.path);
    if (!text || text->find("populated 0") != std::string::npos) return (void)::poll(nullptr, 0, kLookAgainMs);
    pollfd entry{events->get(), POLLPRI, 0};
    (void)::poll(&entry, 1, 10);
}

Result<std::uint32_t> remove_below(const Directory& group, std::uint64_t deadline_ns, int depth);

Result<> remove_one(const Directory& parent, const std::string& name, std::uint64_t deadline_ns) {
    for (;;) {
        auto removed = remove_directory(parent, name);
        if (removed || removed.error().sys != EBUSY || monotonic_ns() >= deadline_ns) return removed;
        const auto group = open_directory(parent, name);
        if (!group) continue;  // gone meanwhile
        TRY(kill_all(*group));
        wait_for_change(*group);
    }
}

Result<std::uint32_t> remove_below(const Directory& group, std::uint64_t deadline_ns, int depth) {
    std::uint32_t removed = 0;
    if (depth == kDeepest) return removed;
    for (const std::string& name : TRY(list_directories(group))) {
        if (const auto child = open_directory(group, name))
            removed += TRY(remove_below(*child, deadline_ns, depth + 1));
        TRY(remove_one(group, name, deadline_ns));
        ++removed;
    }
    return removed;
}

void find_below(const Directory& directory, const std::string& prefix, const std::string& name, int depth,
                std::vector<std::string>& found) {
    const auto children = list_directories(directory);
    if (!children || depth == kDeepest) return;
    for (const std::string& child : *children) {
        if (child == name) {
            found.push_back(prefix + child);
        } else if (const auto inner = open_directory(directory, child)) {
            find_below(*inner, prefix + child + "/", name, depth + 1, found);
        }
    }
}

}  // namespace

Result<> kill_all(const Directory& group) {
    if (has_entry(group, "cgroup.kill")) return write_file(group, "cgroup.kill", "1");  // with all groups below
    kill_members(group);
    for (const std::string& name : TRY(list_directories(group)))
        if (const auto child = open_directory(group, name)) TRY(kill_all(*child));
    return {};
}

Result<std::uint32_t> remove_tree(const Directory& parent, const std::string& name, std::uint64_t deadline_ns) {
    const auto group = open_directory(parent, name);
    if (!group && group.error().sys == ENOENT) return 0;
    if (!group) return std::unexpected(group.error());
    TRY(kill_all(*group));
    const std::uint32_t removed = TRY(remove_below(*group, deadline_ns, 0));
    TRY(remove_one(parent, name, deadline_ns));
    return removed;
}

std::vector<std::string> find_directories(const Directory& top, const std::string& name) {
    std::vector<std::string> found;
    find_below(top, "", name, 0, found);
    return found;
}

}  // namespace hotcell::linux::cgroup
