// Looking at every process of a frozen slot: is each as the engine left it?
#pragma once

#include <cstdint>

#include "engine/protocol/front_warden.h"

namespace hotcell::warden {

struct SealQuestion {
    int proc = -1;   // the host's /proc
    int group = -1;  // the slot's group directory
    std::uint32_t host_id = 0;
    std::uint32_t most_processes = 0;  // besides pid 1; 0: any number
};

struct SealAnswer {
    protocol::SealFinding finding = protocol::SealFinding::CouldNotLook;
    std::uint32_t processes = 0;
};

/// Freezes, looks, thaws if sound. Pid 1 (uid 0 of the slot) and user code (uid 1000) are the only identities; all five
/// capability sets are empty, NoNewPrivs is 1, Seccomp is 2, and no descriptor is of a namespace, process or group.
/// Waits at most 20 ms for the freeze. Source: proc(5), cgroups(7).
SealAnswer inspect_slot(const SealQuestion& question);

}  // namespace hotcell::warden
