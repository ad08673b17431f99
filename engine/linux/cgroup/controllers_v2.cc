#include <fcntl.h>

#include "engine/linux/cgroup/controllers.h"

namespace hotcell::linux::cgroup {

Result<> set_up_v2(const Directory& group, const Limits& limits, GroupFiles& files) {
    TRY(write_file(group, "memory.max", std::to_string(limits.memory.count)));
    if (has_entry(group, "memory.swap.max")) TRY(write_file(group, "memory.swap.max", "0"));
    TRY(write_file(group, "memory.oom.group", "1"));
    TRY(write_file(group, "pids.max", std::to_string(limits.pids)));
    file_of(files, GroupFile::MemoryLimit) = TRY(open_file(group, "memory.max", O_WRONLY));
    file_of(files, GroupFile::MemoryEvents) = TRY(open_file(group, "memory.events", O_RDONLY));
    if (has_entry(group, "memory.peak"))
        file_of(files, GroupFile::PeakMemory) = TRY(open_file(group, "memory.peak", O_RDONLY));
    if (has_entry(group, "cpu.weight")) {  // the tree remarks on it when the cpu controller is missing
        TRY(write_file(group, "cpu.weight", std::to_string(limits.cpu_weight)));
        file_of(files, GroupFile::CpuWeight) = TRY(open_file(group, "cpu.weight", O_WRONLY));
    }
    return {};
}

}  // namespace hotcell::linux::cgroup
