// What hotcell-init is told when it becomes pid 1 of a domain or slot: a sealed memfd with this struct, then the
// filters and strings it points to. The plan is the list of steps: init performs exactly what is on it, in order, and
// the first that fails ends the build.
#pragma once

#include <cstdint>

#include "engine/protocol/steps.h"

namespace hotcell::protocol {

inline constexpr std::uint32_t kInitPlanVersion = 1;

/// Descriptors of hotcell-init; everything else is closed before it runs. 0, 1 and 2 are the child's.
enum InitFd : int {
    kChannelFd = 3,  // slots: the child's end of the channel; domains: the forker's control pipe
    kBootFd = 4,     // to the builder: one InitReport, then closed
    kStatusFd = 5,   // to the front: ExitReports
    kPlanFd = 6,
    kArmFd = 7,          // domains: the forker's arm pipe
    kFirstAttachFd = 8,  // control group files to write "0" to
};

enum class InitChild : std::uint32_t {
    None = 0,      // an armed slot: the forker will put a process in
    Executor = 1,  // waits, locked, for a Run frame on the channel and execs it
    Forker = 2,    // execs the plan's argv at once
};

struct ResourceLimit {
    std::uint32_t resource;  // RLIMIT_…
    std::uint32_t unused;
    std::uint64_t value;  // soft and hard
};

struct InitPlan {
    std::uint32_t version = kInitPlanVersion;
    std::uint32_t size;  // of the whole memfd
    InitChild child;
    std::uint32_t attach_fds;
    std::uint64_t tmp_bytes;
    std::uint32_t tmp_inodes;
    std::int32_t oom_score_adj;
    std::uint32_t require_landlock;
    std::uint32_t limit_count;
    ResourceLimit limits[12];
    std::uint32_t step_count;  // of init itself
    std::uint32_t child_step_count;
    std::uint16_t steps[20];
    std::uint16_t child_steps[12];
    std::uint32_t init_filter_at;  // byte offsets into the memfd; lengths in instructions
    std::uint32_t init_filter_length;
    std::uint32_t child_filter_at;
    std::uint32_t child_filter_length;
    std::uint32_t argument_count;  // Forker: strings at strings_at, each ended by NUL, argv then environment
    std::uint32_t environment_count;
    std::uint32_t strings_at;
    std::uint32_t unused;
    char host_name[64];
};

/// On the boot pipe, once. failure.step == 0: the sandbox is complete and the child, if any, is locked.
struct InitReport {
    StepFailure failure;
    std::uint32_t child_pid;
    std::uint32_t landlock_abi;
    std::uint32_t step_count;
    StepTime steps[kMostSteps];
};

}  // namespace hotcell::protocol
