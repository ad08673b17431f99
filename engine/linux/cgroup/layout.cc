#include "engine/linux/cgroup/layout.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <sstream>

#include "engine/linux/syscall.h"

namespace hotcell::linux::cgroup {

namespace {

Result<std::string> read_text(const char* path) {
    const UniqueFd file(TRY(syscall(std::string("open ") + path, [&] { return ::open(path, O_RDONLY | O_CLOEXEC); })));
    return read_all(file.get(), path);
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const std::size_t end = text.find(separator);
        if (end != 0) parts.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
    }
    return parts;
}

/// mountinfo writes blanks and backslashes as three octal digits.
std::string unescape(const std::string& text) {
    const auto is_octal = [](char c) { return c >= '0' && c <= '7'; };
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 3 < text.size() && is_octal(text[i + 1]) && is_octal(text[i + 2]) &&
            is_octal(text[i + 3])) {
            plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
            i += 3;
        } else {
            plain += text[i];
        }
    }
    return plain;
}

bool contains(const std::vector<std::string>& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// cgroup2 on a mount without a place: ours alone, and gone with the last descriptor on it.
Result<Directory> mount_unified() {
    const UniqueFd context(TRY(syscall("open the cgroup2 filesystem", [] {
        return static_cast<int>(::syscall(SYS_fsopen, "cgroup2", FSOPEN_CLOEXEC));
    })));
    TRY(syscall("make a cgroup2 mount", [&] {
        return static_cast<int>(::syscall(SYS_fsconfig, context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0));
    }));
    const int mount = TRY(syscall("make a cgroup2 mount", [&] {
        return static_cast<int>(::syscall(SYS_fsmount, context.get(), FSMOUNT_CLOEXEC,
                                          MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC));
    }));
    const Directory place{UniqueFd(mount), "cgroup2 (own mount)"};
    Directory top = TRY(open_directory(place, "."));
    top.path = place.path;
    return top;
}

Result<Hierarchy> open_unified(const std::vector<Mount>& mounts, const std::map<std::string, std::string>& own) {
    const auto mine = own.find("");
    const std::string path = mine != own.end() ? mine->second : "/";
    for (const Mount& mount : mounts) {
        if (!mount.unified) continue;
        Directory top = TRY(open_directory(mount.place));
        return Hierarchy{std::move(top), path_below(mount.root, path), {}};
    }
    Directory top = TRY(mount_unified());
    return Hierarchy{std::move(top), path_below("/", path), {}};
}

/// The v1 mounts that serve `needed`, each once.
Result<std::vector<Hierarchy>> open_v1(const std::vector<Mount>& mounts, const std::map<std::string, std::string>& own,
                                       const std::vector<std::string>& needed) {
    std::vector<Hierarchy> hierarchies;
    std::vector<const Mount*> used;
    for (const std::string& controller : needed) {
        const auto mount = std::find_if(mounts.begin(), mounts.end(), [&](const Mount& candidate) {
            return !candidate.unified && contains(candidate.controllers, controller);
        });
        if (mount == mounts.end())
            return fail(ErrorKind::NotFound, "no mount of the cgroup controller " + controller,
                        "mount it, e.g. mount -t cgroup -o " + controller + " cgroup /sys/fs/cgroup/" + controller);
        const auto seen = std::find(used.begin(), used.end(), &*mount);
        if (seen != used.end()) {
            hierarchies[static_cast<std::size_t>(seen - used.begin())].controllers.push_back(controller);
            continue;
        }
        const auto path = own.find(controller);
        used.push_back(&*mount);
        Directory top = TRY(open_directory(mount->place));
        const std::string below = path_below(mount->root, path != own.end() ? path->second : "/");
        hierarchies.push_back({std::move(top), below, {controller}});
    }
    return hierarchies;
}

bool serves_limits(const Hierarchy& unified) {
    const auto text = read_file(unified.top, "cgroup.controllers");
    if (!text) return false;
    std::istringstream words(*text);
    std::vector<std::string> offered;
    for (std::string word; words >> word;) offered.push_back(word);
    return contains(offered, "memory") && contains(offered, "pids");
}

}  // namespace

const char* name_of(Driver driver) {
    switch (driver) {
        case Driver::V1: return "v1";
        case Driver::Hybrid: return "hybrid";
        case Driver::V2: return "v2";
    }
    return "v2";
}

std::vector<Mount> parse_mounts(std::string_view mountinfo) {
    std::vector<Mount> mounts;
    for (const std::string& line : split(mountinfo, '\n')) {
        // 31 23 0:28 <root> <place> <options> [tags…] - <type> <source> <super options>
        const std::vector<std::string> words = split(line, ' ');
        const auto dash = std::find(words.begin(), words.end(), "-");
        if (words.size() < 10 || words.end() - dash < 4) continue;
        const std::string& type = dash[1];
        if (type != "cgroup" && type != "cgroup2") continue;
        Mount mount{type == "cgroup2", {}, unescape(words[3]), unescape(words[4])};
        if (!mount.unified) mount.controllers = split(dash[3], ',');
        mounts.push_back(std::move(mount));
    }
    return mounts;
}

std::map<std::string, std::string> parse_own_paths(std::string_view cgroup) {
    std::map<std::string, std::string> paths;
    for (const std::string& line : split(cgroup, '\n')) {
        // <hierarchy>:<controllers>:<path>; the path may hold colons
        const std::size_t first = line.find(':');
        const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
        if (second == std::string::npos) continue;
        const std::string path = line.substr(second + 1);
        const std::string controllers = line.substr(first + 1, second - first - 1);
        if (controllers.empty()) paths[""] = path;
        for (const std::string& controller : split(controllers, ',')) paths[controller] = path;
    }
    return paths;
}

std::string path_below(std::string_view root, std::string_view own) {
    if (root == "/") root = {};
    if (!own.starts_with(root) || own.starts_with("/..")) return {};
    own.remove_prefix(root.size());
    if (!own.empty() && own.front() != '/') return {};  // "/a" is not above "/ab"
    while (own.starts_with('/')) own.remove_prefix(1);
    return std::string(own);
}

Result<Layout> find_layout(std::optional<Driver> wanted) {
    const auto mounts = parse_mounts(TRY(read_text("/proc/self/mountinfo")));
    const auto own = parse_own_paths(TRY(read_text("/proc/self/cgroup")));
    Layout layout;
    auto unified = open_unified(mounts, own);
    if (unified && serves_limits(*unified) && wanted.value_or(Driver::V2) == Driver::V2) {
        layout.driver = Driver::V2;
        layout.reason = "the controllers memory and pids are on cgroup2, " + unified->top.path;
        layout.unified = std::move(*unified);
        return layout;
    }
    if (wanted == Driver::V2)
        return fail(ErrorKind::NotFound, "the controllers memory and pids are not on cgroup2",
                    "boot with systemd.unified_cgroup_hierarchy=1, or leave the choice of the driver to the engine");
    std::vector<std::string> needed{"memory", "cpu", "pids"};
    const bool hybrid = unified.has_value() && wanted != Driver::V1;
    if (!hybrid) needed.emplace_back("freezer");
    if (wanted == Driver::Hybrid && !unified) return std::unexpected(std::move(unified).error());
    auto v1 = open_v1(mounts, own, needed);
    if (!v1) return std::unexpected(std::move(v1).error());
    layout.driver = hybrid ? Driver::Hybrid : Driver::V1;
    layout.v1 = std::move(*v1);
    if (hybrid) {
        layout.reason = "the limits are v1 controllers, and " + unified->top.path + " freezes and kills";
        layout.unified = std::move(*unified);
    } else {
        layout.reason = unified ? "asked for" : "no cgroup2 tree: " + unified.error().message();
    }
    return layout;
}

}  // namespace hotcell::linux::cgroup
