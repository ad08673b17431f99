// The plan of one sandbox: which steps its pid 1 and its child perform, with which limits, filters and program.
//
// Here: turning what is wanted into the bytes that hotcell-init obeys. Not here: performing them (steps_inside),
// cloning and mapping ids (engine/warden/builder), compiling filters (seccomp_profiles).
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "engine/protocol/init_plan.h"
#include "engine/sandbox/seccomp_profiles/profiles.h"

namespace hotcell::sandbox {

struct SandboxSpec {
    protocol::InitChild child = protocol::InitChild::None;
    std::uint32_t attach_fds = 0;
    std::uint64_t tmp_bytes = 0;
    std::uint32_t tmp_inodes = 0;
    std::uint32_t require_landlock = 0;
    std::vector<std::string> arguments;  // of a forker
    std::vector<std::string> environment;
};

/// Steps left out. Always empty in the product: the warden's main passes none. A test passes one, builds a sandbox
/// without that layer and sees the attack that the layer stops.
using OmittedSteps = std::set<protocol::Step>;

/// The plan's bytes, ready for a sealed memfd.
std::vector<std::byte> make_init_plan(const SandboxSpec& spec, const Filters& filters, const OmittedSteps& omitted);

}  // namespace hotcell::sandbox
