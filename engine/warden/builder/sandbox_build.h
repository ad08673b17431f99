// Cloning one sandbox: namespaces, id maps, lo, and hotcell-init as its pid 1. Domains and slots are made the same way;
// a slot is cloned inside its domain, by the domain's forker id, so that the forker owns it (user_namespaces(7)).
//
// Here: everything between "descriptors are ready" and "pid 1 says it is complete". Not here: which descriptors,
// limits and groups (domain_build, slot_build), what pid 1 does (sandbox/steps_inside).
// Threads: one at a time; forks helpers and reaps them. Blocks for the length of a build, about 2 ms, at most 10 s.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/linux/unique_fd.h"
#include "engine/protocol/init_plan.h"
#include "engine/warden/builder/slot_network.h"

namespace hotcell::warden {

struct SandboxBuild {
    int proc = -1;         // the host's /proc
    int init_image = -1;   // sealed memfd with hotcell-init
    int own_network = -1;  // the builder's network namespace
    int root_tree = -1;    // mount namespace to clone from
    int domain = -1;       // pidfd of the domain's pid 1 to be born in; -1: on the host, as a domain
    std::string id_map;    // for uid_map and gid_map
    std::span<const std::byte> plan;
    std::vector<std::pair<int, int>> descriptors;  // ours → number in pid 1 (protocol::InitFd)
    SocketWish sockets;
};

struct BuiltSandbox {
    linux::UniqueFd init;  // pidfd of pid 1
    protocol::InitReport report{};
    SlotSockets sockets;
    std::vector<protocol::StepTime> steps;  // outside, then inside
};

/// A finished sandbox, or the step that failed; then every process of it is gone.
struct BuildOutcome {
    BuiltSandbox sandbox;
    protocol::StepFailure failure{};
};
BuildOutcome build_sandbox(const SandboxBuild& build);

}  // namespace hotcell::warden
