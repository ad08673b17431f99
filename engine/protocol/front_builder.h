// The pipe between the front and the builder: domains and slots are made and destroyed. Off the path of a call.
//
// A SOCK_SEQPACKET socketpair; one struct a message, its size exactly that of its type; host byte order (one machine,
// one build). Requests carry an id chosen by the front; replies repeat it. Descriptors go from the builder to the
// front only: the builder closes whatever it is sent.
#pragma once

#include <cstdint>

#include "engine/protocol/steps.h"

namespace hotcell::protocol {

enum class BuilderRequest : std::uint32_t {
    BuildDomain = 1,
    BuildSlot = 2,
    DestroySlot = 3,
    DestroyDomain = 4,
    OpenConnections = 5
};
enum class BuilderReply : std::uint32_t {
    Hello = 100,
    DomainBuilt = 101,
    SlotBuilt = 102,
    SlotGone = 103,
    DomainGone = 104,
    ConnectionsOpened = 105
};

/// What a descriptor of a reply is for. The front never gets one through which a process can be moved (tasks, procs).
enum class FdRole : std::uint8_t {
    None = 0,
    Channel,       // stream socket to the program's side, blocking there, O_NONBLOCK here
    Stdin,         // write end
    Stdout,        // read end
    Stderr,        // read end
    Status,        // SEQPACKET, one ExitReport a message, from the pid 1 of the domain or slot
    Control,       // SEQPACKET to the domain's forker (protocol/forker.h)
    MemoryLimit,   // write: memory.limit_in_bytes or memory.max
    SwapLimit,     // write: memory.memsw.limit_in_bytes (v1 only)
    CpuWeight,     // write: cpu.shares or cpu.weight
    Freeze,        // write: cgroup.freeze ("1"/"0") or freezer.state ("FROZEN"/"THAWED")
    PeakMemory,    // read: memory.max_usage_in_bytes or memory.peak
    MemoryEvents,  // read: memory.oom_control or memory.events
    OomEvent,      // eventfd, readable once the group ran out of memory (v1 only)
    Listener,      // TCP, listens at 127.0.0.1:listen_port inside the slot, O_NONBLOCK
    Connection,    // TCP, of the slot's network namespace, not connected yet, O_NONBLOCK; may come several times
};
inline constexpr std::uint32_t kMostFds = 16;
inline constexpr std::uint32_t kMostBuiltConnections = 2;    // with a slot
inline constexpr std::uint32_t kMostOpenedConnections = 16;  // at a time, later

/// The builder's first message, unasked: it has swept what an earlier life left, made its control groups and root tree
/// and both privileged processes have dropped what they do not need. failed != 0: it is about to exit, `text` says why.
struct Hello {
    std::uint32_t type = static_cast<std::uint32_t>(BuilderReply::Hello);
    std::uint32_t failed;
    std::uint32_t landlock_abi;  // 0: the kernel has none
    std::uint32_t swept;         // control groups of an earlier life that were removed
    char cgroup_driver[16];      // "v1", "hybrid", "v2"
    char text[480];              // with failed: the error's message; else remarks for the log, may be empty
};

/// The descriptors hotcell-warden is started with.
enum WardenFd : int { kWardenConfigFd = 3, kFrontWardenFd = 4, kFrontBuilderFd = 5 };

struct BuildDomain {
    std::uint32_t type = static_cast<std::uint32_t>(BuilderRequest::BuildDomain);
    std::uint32_t runtime;  // index into WardenConfig::runtimes
    std::uint64_t domain;   // chosen by the front, never 0, not in use
};

struct BuildSlot {
    std::uint32_t type = static_cast<std::uint32_t>(BuilderRequest::BuildSlot);
    std::uint32_t executor;  // 1: a locked child waits in it for a Run frame; 0: armed for the domain's forker
    std::uint64_t slot;      // chosen by the front, never 0, not in use
    std::uint64_t domain;
    std::uint64_t memory_bytes;  // cap while pooled; the front raises it through MemoryLimit
    std::uint64_t tmp_bytes;     // size of /tmp, counted against memory
    std::uint32_t tmp_inodes;
    std::uint32_t pids;             // threads and processes, 8..32768
    std::uint32_t cpu_weight;       // 1..10000, 100 is one share
    std::uint16_t connections = 0;  // for a program that is an HTTP server: sockets to reach it by
    std::uint16_t listen_port = 0;  // for a program that asks for its calls over HTTP; 0: nothing listens
};

/// More sockets of a slot's network namespace. Any number of times, one request of a slot at a time.
struct OpenConnections {
    std::uint32_t type = static_cast<std::uint32_t>(BuilderRequest::OpenConnections);
    std::uint32_t count;  // 1..kMostOpenedConnections
    std::uint64_t slot;
};

struct DestroySlot {
    std::uint32_t type = static_cast<std::uint32_t>(BuilderRequest::DestroySlot);
    std::uint32_t unused = 0;
    std::uint64_t slot;
};

struct DestroyDomain {
    std::uint32_t type = static_cast<std::uint32_t>(BuilderRequest::DestroyDomain);
    std::uint32_t unused = 0;
    std::uint64_t domain;
};

/// DomainBuilt (fds: Status, Stdout, Stderr and, where the runtime has a forker, Control) and SlotBuilt. On failure
/// there are no descriptors and nothing is left of what was asked for.
struct Built {
    std::uint32_t type;
    std::uint32_t fd_count;
    std::uint64_t id;
    StepFailure failure;
    std::uint32_t host_id;    // first host uid of the range (≥ 100000)
    std::uint32_t child_pid;  // pid of the waiting child or forker as ExitReport will name it; 0 without one
    std::uint32_t landlock_abi;
    std::uint32_t step_count;
    std::uint8_t fd_roles[kMostFds];
    StepTime steps[kMostSteps];
};

/// The answer to OpenConnections, with `count` descriptors: as asked for, or none.
struct ConnectionsOpened {
    std::uint32_t type = static_cast<std::uint32_t>(BuilderReply::ConnectionsOpened);
    std::uint32_t count;
    std::uint64_t id;  // of the slot
    std::int32_t sys;  // count 0: why
    std::uint32_t unused = 0;
};

/// Everything of it is gone: processes reaped, control groups removed, ids free again.
struct Gone {
    std::uint32_t type;
    std::uint32_t unused;
    std::uint64_t id;
};

/// What the pid 1 of a domain or slot says of each child it reaped.
struct ExitReport {
    std::uint32_t pid;    // as pid 1 sees it
    std::int32_t status;  // as wait(2) gives it
    std::uint64_t user_us;
    std::uint64_t system_us;
    std::uint64_t peak_rss_bytes;
};

}  // namespace hotcell::protocol
