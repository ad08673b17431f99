#include <fcntl.h>
#include <sys/eventfd.h>

#include <algorithm>

#include "engine/linux/cgroup/controllers.h"
#include "engine/linux/syscall.h"

namespace hotcell::linux::cgroup {

namespace {

/// An eventfd that the kernel raises when the group runs out of memory. v1 cannot kill a group: whoever waits does.
Result<UniqueFd> watch_oom(const Directory& group, int oom_control) {
    UniqueFd event(TRY(syscall("make an eventfd", [] { return ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); })));
    TRY(write_file(group, "cgroup.event_control", std::to_string(event.get()) + " " + std::to_string(oom_control)));
    return event;
}

Result<> set_up_memory(const Directory& group, const Limits& limits, GroupFiles& files) {
    const std::string bytes = std::to_string(limits.memory.count);
    TRY(write_file(group, "memory.limit_in_bytes", bytes));
    file_of(files, GroupFile::MemoryLimit) = TRY(open_file(group, "memory.limit_in_bytes", O_WRONLY));
    if (has_entry(group, "memory.memsw.limit_in_bytes")) {  // absent without swap accounting
        TRY(write_file(group, "memory.memsw.limit_in_bytes", bytes));
        file_of(files, GroupFile::SwapLimit) = TRY(open_file(group, "memory.memsw.limit_in_bytes", O_WRONLY));
    }
    file_of(files, GroupFile::PeakMemory) = TRY(open_file(group, "memory.max_usage_in_bytes", O_RDONLY));
    file_of(files, GroupFile::MemoryEvents) = TRY(open_file(group, "memory.oom_control", O_RDONLY));
    file_of(files, GroupFile::OomEvent) = TRY(watch_oom(group, file_of(files, GroupFile::MemoryEvents).get()));
    return {};
}

}  // namespace

std::uint64_t shares_of(std::uint32_t cpu_weight) {
    return std::clamp<std::uint64_t>(std::uint64_t{cpu_weight} * 1024 / 100, 2, 262144);
}

Result<> set_up_v1(const Directory& group, const std::string& controller, const Limits& limits, GroupFiles& files) {
    if (controller == "memory") return set_up_memory(group, limits, files);
    if (controller == "pids") return write_file(group, "pids.max", std::to_string(limits.pids));
    if (controller == "cpu") {
        TRY(write_file(group, "cpu.shares", std::to_string(shares_of(limits.cpu_weight))));
        file_of(files, GroupFile::CpuWeight) = TRY(open_file(group, "cpu.shares", O_WRONLY));
        return {};
    }
    file_of(files, GroupFile::Freeze) = TRY(open_file(group, "freezer.state", O_WRONLY));
    return {};
}

}  // namespace hotcell::linux::cgroup
