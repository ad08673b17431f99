// The limits of one group and the descriptors through which they are changed and read, on v1 and on cgroup2.
//
// Here: what is written to which file. Not here: where the group's directories are (tree.h).
// Kernel: cgroup-v1/{memory,pids}.rst, sched-design-CFS.rst, cgroup-v2.rst.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/base/result.h"
#include "engine/linux/cgroup/directory.h"
#include "hotcell/units.h"

namespace hotcell::linux::cgroup {

struct Limits {
    Bytes memory;                    // with page cache and tmpfs; swap is not given
    std::uint32_t pids = 0;          // threads and processes, at least 1
    std::uint32_t cpu_weight = 100;  // 1..10000, 100 is one share
};

enum class GroupFile : std::size_t {
    MemoryLimit,   // write: memory.limit_in_bytes or memory.max
    SwapLimit,     // write: memory.memsw.limit_in_bytes; v1 with swap accounting only
    CpuWeight,     // write: cpu.shares or cpu.weight
    Freeze,        // write: cgroup.freeze ("1", "0") or freezer.state ("FROZEN", "THAWED")
    PeakMemory,    // read: memory.max_usage_in_bytes or memory.peak (Linux 5.19)
    MemoryEvents,  // read: memory.oom_control or memory.events; each has a line "oom_kill N"
    OomEvent,      // eventfd, readable once the group ran out of memory, and when it is removed; v1 only
};
inline constexpr std::size_t kGroupFiles = 7;
using GroupFiles = std::array<UniqueFd, kGroupFiles>;

inline UniqueFd& file_of(GroupFiles& files, GroupFile file) { return files[static_cast<std::size_t>(file)]; }

/// 100 is 1024 shares; within what cpu.shares takes, 2..262144.
std::uint64_t shares_of(std::uint32_t cpu_weight);

/// Sets what `controller` ("memory", "cpu", "pids", "freezer") limits in a v1 directory, and opens its files.
Result<> set_up_v1(const Directory& group, const std::string& controller, const Limits& limits, GroupFiles& files);

/// Sets all limits in a cgroup2 directory and opens their files. A group that runs out of memory dies as a whole.
Result<> set_up_v2(const Directory& group, const Limits& limits, GroupFiles& files);

}  // namespace hotcell::linux::cgroup
