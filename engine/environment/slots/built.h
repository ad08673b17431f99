// What the builder hands over when it has built something: the reply, and each descriptor under its role.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/linux/unique_fd.h"
#include "engine/protocol/front_builder.h"
#include "hotcell/error.h"
#include "hotcell/run.h"

namespace hotcell::environment {

struct BuiltSandbox {
    std::uint64_t id = 0;
    std::uint32_t child_pid = 0;
    std::uint32_t landlock_abi = 0;
    std::vector<Phase> steps;                             // "mount-proc", … as the builder timed them
    std::array<linux::UniqueFd, protocol::kMostFds> fds;  // by FdRole
    std::vector<linux::UniqueFd> connections;             // of the role Connection

    /// Takes the descriptor of a role out; an empty one when the builder sent none.
    linux::UniqueFd take(protocol::FdRole role) { return std::move(fds[static_cast<std::size_t>(role)]); }
    int get(protocol::FdRole role) const { return fds[static_cast<std::size_t>(role)].get(); }
};

/// "mount-proc: EPERM" of a failed step.
Error step_error(const protocol::StepFailure& failure, const std::string& doing);
/// Broken when reply and descriptors do not fit each other.
Result<BuiltSandbox> open_reply(const protocol::Built& reply, std::vector<linux::UniqueFd>& fds);

}  // namespace hotcell::environment
