// The pipe between the front and the warden: the fast lane. Every request is answered within microseconds.
//
// A SOCK_SEQPACKET socketpair; one struct a message; no descriptors travel in either direction.
#pragma once

#include <cstdint>

#include "engine/protocol/steps.h"

namespace hotcell::protocol {

enum class WardenRequest : std::uint32_t { Attach = 1, Kill = 2, Seal = 3 };
enum class WardenReply : std::uint32_t { Attached = 101, Sealed = 103 };

enum class MountPlace : std::uint32_t { Code = 0, Opt = 1 };

/// Mount one directory of the code store read-only at the slot's /code or /opt. Answered by Attached.
struct Attach {
    std::uint32_t type = static_cast<std::uint32_t>(WardenRequest::Attach);
    MountPlace place = MountPlace::Code;
    std::uint64_t slot;
    char name[64];  // the directory's name in the store: exactly 64 lower-case hexadecimal digits, no terminator
};

/// SIGKILL to the slot's pid 1, by pidfd, then thaw. Not answered; DestroySlot is what waits for the end.
struct Kill {
    std::uint32_t type = static_cast<std::uint32_t>(WardenRequest::Kill);
    std::uint32_t unused = 0;
    std::uint64_t slot;
};

/// Freeze the slot and look at every process in it. Answered by Sealed; a slot found open has been killed.
struct Seal {
    std::uint32_t type = static_cast<std::uint32_t>(WardenRequest::Seal);
    std::uint32_t most_processes;  // besides pid 1; 0: any number
    std::uint64_t slot;
};

struct Attached {
    std::uint32_t type = static_cast<std::uint32_t>(WardenReply::Attached);
    std::uint32_t nanoseconds;
    std::uint64_t slot;
    StepFailure failure;  // step OpenCode with ENOENT: no such directory; with ENXIO: no such slot
};

/// What seal looks at in each process. Verdict 0: as it must be.
enum class SealFinding : std::uint32_t {
    Sound = 0,
    Capabilities = 1,  // one of the five sets is not empty
    NoNewPrivilegesOff = 2,
    FilterOff = 3,            // Seccomp is not 2
    ForeignIdentity = 4,      // a uid or gid other than the expected one
    NamespaceDescriptor = 5,  // a descriptor of a namespace, pidfd, control group or device
    TooManyProcesses = 6,
    CouldNotLook = 7,  // fails closed
    NoSuchSlot = 8,
};

struct Sealed {
    std::uint32_t type = static_cast<std::uint32_t>(WardenReply::Sealed);
    SealFinding finding;
    std::uint64_t slot;
    std::uint32_t processes;  // looked at
    std::uint32_t nanoseconds;
};

}  // namespace hotcell::protocol
