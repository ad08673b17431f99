// The named steps of building and entering a sandbox, as they travel in reports and are shown to people.
//
// A step has one number for ever: reports, phases and tests name steps by it. Which of them a build performs, and in
// what order, is its plan (engine/sandbox/sandbox_plan.h).
#pragma once

#include <cstdint>

namespace hotcell::protocol {

enum class Step : std::uint16_t {
    None = 0,
    // outside: by the builder, on the host
    MakeCgroup = 1,
    MakePipes = 2,
    EnterDomain = 3,      // setns into the domain's user and pid namespace, become the owner id
    CloneNamespaces = 4,  // clone3 with user, pid, mount, net, ipc and uts namespaces
    WriteIdMaps = 5,
    LinkUp = 6,  // lo, through netlink
    ExecInit = 7,
    OpenHandles = 8,    // mount namespace, /code and /opt of the finished sandbox
    BuilderFilter = 9,  // once, at the builder's own start
    // inside: by hotcell-init as pid 1
    TakeIds = 20,
    JoinCgroups = 21,
    UnshareCgroupNamespace = 22,
    SetHostName = 23,
    MountProc = 24,
    MaskProc = 25,
    MountTmp = 26,
    SetLimits = 27,  // rlimits and oom_score_adj
    DropBoundingSet = 28,
    ForkChild = 29,
    DropCapabilities = 30,
    NoNewPrivileges = 31,
    LoadFilter = 32,
    AwaitChild = 33,  // until the child has locked itself
    // inside: by the child of init that will run or fork the program
    ChildDescriptors = 40,
    ChildIds = 41,
    ChildCapabilities = 42,
    ChildNoNewPrivileges = 43,
    ChildLandlock = 44,
    ChildFilter = 45,
    ChildExec = 46,
    // on the path: by the forker's helper process and the forked child
    ForkJoinCgroups = 60,
    ForkEnter = 61,  // setns into the slot
    ForkChildProcess = 62,
    ForkDescriptors = 63,
    ForkBoundingSet = 64,
    ForkIds = 65,
    ForkCapabilities = 66,
    // on the path: by the warden
    OpenCode = 80,
    EnterMounts = 81,
    MoveMount = 82,
    LeaveMounts = 83,
};

/// The step's name as logs, phases and the API print it ("mount-proc"); "unknown" for a number that names none.
const char* step_name(std::uint16_t step);

/// How long one step took; a report carries a list of these.
struct StepTime {
    std::uint16_t step;
    std::uint16_t unused;
    std::uint32_t nanoseconds;
};

/// Why a build or start stopped: the step and what the kernel said. step == 0 means that it did not.
struct StepFailure {
    std::uint32_t step;
    std::int32_t sys;
};

inline constexpr std::uint32_t kMostSteps = 40;

}  // namespace hotcell::protocol
