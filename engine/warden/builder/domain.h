// What the builder holds of each domain and slot it has made, and how they are made and unmade.
//
// Here: descriptors, groups and ids of one domain or slot, from request to reply, and the state of its removal.
// Not here: the pipe to the front (builder.h), the cloning itself (sandbox_build.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "engine/linux/cgroup/tree.h"
#include "engine/linux/unique_fd.h"
#include "engine/protocol/front_builder.h"
#include "engine/protocol/warden_config.h"
#include "engine/sandbox/sandbox_plan.h"
#include "engine/warden/builder/id_ranges.h"
#include "engine/warden/builder/sandbox_build.h"

namespace hotcell::warden {

/// What every build needs and no build changes.
struct Workshop {
    protocol::WardenConfig config{};
    linux::UniqueFd proc;                     // the host's
    linux::UniqueFd init_image;               // sealed memfd
    linux::UniqueFd own_network;              // namespace
    std::vector<linux::UniqueFd> root_trees;  // mount namespaces, a runtime each
    sandbox::Filters filters;
    sandbox::OmittedSteps omitted;  // empty but in tests
    std::optional<linux::cgroup::Tree> groups;
    std::vector<linux::cgroup::Group> doomed;  // of failed builds; removed once the kernel lets go of them
};

/// A domain: pid 1, its forker if any, and the ids of its slots.
struct Domain {
    std::uint64_t id = 0;
    std::uint32_t runtime = 0;
    linux::UniqueFd init;
    linux::UniqueFd arm;  // to the forker
    linux::cgroup::Group group;
    IdBlock ids;
};

/// A slot of a domain.
struct Slot {
    std::uint64_t id = 0;
    std::uint64_t domain = 0;
    std::uint32_t host_id = 0;
    bool armed = false;
    linux::UniqueFd init;
    linux::cgroup::Group group;
};

/// A reply with the descriptors that go with it. The descriptors are closed once it has been sent.
struct BuiltReply {
    protocol::Built reply{};
    std::vector<linux::UniqueFd> fds;

    void add(protocol::FdRole role, linux::UniqueFd fd);
};

/// Builds a domain. nullopt: reply.failure says why, and nothing is left.
std::optional<Domain> build_domain(Workshop& shop, const protocol::BuildDomain& request, IdBlock ids,
                                   BuiltReply& reply);

/// What the warden is told of a new slot.
struct SlotHandles {
    linux::UniqueFd mounts;
    linux::UniqueFd code;
    linux::UniqueFd opt;
};

/// Builds a slot in `domain`. nullopt: reply.failure says why, nothing is left and the id range is free again.
std::optional<Slot> build_slot(Workshop& shop, Domain& domain, const protocol::BuildSlot& request, BuiltReply& reply,
                               SlotHandles& handles);

}  // namespace hotcell::warden
