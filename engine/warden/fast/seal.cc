#include "engine/warden/fast/seal.h"

#include <dirent.h>
#include <fcntl.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/linux/cgroup/freezer.h"
#include "engine/linux/raw/calls.h"
#include "engine/linux/unique_fd.h"
#include "engine/protocol/forker.h"

namespace hotcell::warden {

using linux::UniqueFd;
using protocol::SealFinding;

namespace {

constexpr int kFreezeDeadlineMs = 20;
constexpr std::size_t kMostText = 1 << 16;

std::optional<std::string> read_file(int directory, const std::string& path) {
    const UniqueFd file(::openat(directory, path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return std::nullopt;
    std::string text;
    char part[4096];
    for (;;) {
        const ssize_t n = ::read(file.get(), part, sizeof part);
        if (n < 0) return std::nullopt;
        if (n == 0) return text;
        text.append(part, static_cast<std::size_t>(n));
        if (text.size() > kMostText) return std::nullopt;
    }
}

/// The value of a "Name:\tvalue" line of /proc/<pid>/status.
std::string_view field(const std::string& status, std::string_view name) {
    const std::string wanted = "\n" + std::string(name) + ":\t";
    const std::size_t at = status.find(wanted);
    if (at == std::string::npos) return {};
    const std::size_t from = at + wanted.size();
    return std::string_view(status).substr(from, status.find('\n', from) - from);
}

bool all_ids_are(std::string_view ids, std::uint32_t id) {
    const std::string one = std::to_string(id);
    return ids == one + "\t" + one + "\t" + one + "\t" + one;
}

SealFinding inspect_status(const std::string& status, std::uint32_t host_id) {
    for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}) {
        if (field(status, set) != "0000000000000000") return SealFinding::Capabilities;
    }
    if (field(status, "NoNewPrivs") != "1") return SealFinding::NoNewPrivilegesOff;
    if (field(status, "Seccomp") != "2") return SealFinding::FilterOff;
    const bool init = all_ids_are(field(status, "Uid"), host_id) && all_ids_are(field(status, "Gid"), host_id);
    const bool user = all_ids_are(field(status, "Uid"), host_id + HC_USER_ID) &&
                      all_ids_are(field(status, "Gid"), host_id + HC_USER_ID);
    return init || user ? SealFinding::Sound : SealFinding::ForeignIdentity;
}

/// Links like "mnt:[4026531841]" and "anon_inode:[pidfd]", and files of control groups.
bool is_forbidden(std::string_view link) {
    for (const char* kind : {"mnt:[", "user:[", "pid:[", "net:[", "ipc:[", "uts:[", "cgroup:[", "time:[",
                             "anon_inode:[pidfd]", "pid_for_children:[", "/sys/", "/dev/mem", "/dev/kmsg"})
        if (link.starts_with(kind)) return true;
    return link.find("/cgroup.procs") != std::string_view::npos || link.ends_with("/tasks");
}

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};

SealFinding inspect_descriptors(int proc, const std::string& pid) {
    const int fd = ::openat(proc, (pid + "/fd").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return SealFinding::CouldNotLook;
    const std::unique_ptr<DIR, CloseDirectory> directory(::fdopendir(fd));
    if (!directory) return SealFinding::CouldNotLook;
    while (const dirent* entry = ::readdir(directory.get())) {
        if (entry->d_name[0] == '.') continue;
        char link[256];
        const ssize_t n = ::readlinkat(fd, entry->d_name, link, sizeof link);
        if (n < 0) return SealFinding::CouldNotLook;
        if (is_forbidden({link, static_cast<std::size_t>(n)})) return SealFinding::NamespaceDescriptor;
    }
    return SealFinding::Sound;
}

SealFinding inspect_process(const SealQuestion& question, const std::string& pid) {
    const auto status = read_file(question.proc, pid + "/status");
    if (!status) return SealFinding::CouldNotLook;
    if (field(*status, "State").starts_with("Z")) return SealFinding::Sound;  // nothing left to hold anything
    const SealFinding finding = inspect_status(*status, question.host_id);
    return finding == SealFinding::Sound ? inspect_descriptors(question.proc, pid) : finding;
}

SealAnswer inspect_frozen(const SealQuestion& question) {
    SealAnswer answer;
    const auto list = read_file(question.group, "cgroup.procs");
    if (!list) return answer;
    for (std::size_t at = 0; at < list->size();) {
        const std::size_t end = list->find('\n', at);
        const std::string pid = list->substr(at, end - at);
        at = end == std::string::npos ? list->size() : end + 1;
        if (pid.empty()) continue;
        ++answer.processes;
        answer.finding = inspect_process(question, pid);
        if (answer.finding != SealFinding::Sound) return answer;
    }
    if (answer.processes == 0)
        answer.finding = SealFinding::CouldNotLook;
    else if (question.most_processes != 0 && answer.processes > question.most_processes + 1)
        answer.finding = SealFinding::TooManyProcesses;
    return answer;
}

}  // namespace

SealAnswer inspect_slot(const SealQuestion& question) {
    if (!linux::cgroup::freeze(question.group, kFreezeDeadlineMs)) return {};
    const SealAnswer answer = inspect_frozen(question);
    if (answer.finding == SealFinding::Sound && !linux::cgroup::thaw(question.group)) return {};
    return answer;
}

}  // namespace hotcell::warden
