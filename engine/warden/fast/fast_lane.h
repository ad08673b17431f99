// The warden itself: attach, kill, seal, on descriptors it already holds. No netlink, no lookup of a path the front
// chose, no wait, no fork.
//
// Threads: one. Everything of a request is done within its message; the front measures it.
#pragma once

#include <map>

#include "engine/linux/unique_fd.h"
#include "engine/protocol/builder_warden.h"
#include "engine/protocol/front_warden.h"

namespace hotcell::warden {

/// The descriptors of one slot, as the builder registered them.
struct SlotEntry {
    std::uint32_t host_id = 0;
    linux::UniqueFd mounts;
    linux::UniqueFd code;
    linux::UniqueFd opt;
    linux::UniqueFd init;
    linux::UniqueFd group;  // directory in the hierarchy that freezes
};

class FastLane {
public:
    /// `builder` is the pipe to the builder, `builder_process` its pidfd, `store` the code store's directory,
    /// `own_mounts` the warden's own mount namespace, `proc` the host's /proc.
    FastLane(linux::UniqueFd front, linux::UniqueFd builder, linux::UniqueFd builder_process, linux::UniqueFd store,
             linux::UniqueFd own_mounts, linux::UniqueFd proc);

    /// Serves until the builder has gone, which it does when it has removed everything. Once the front has gone, the
    /// builder has ten seconds for that; then it is killed, and every sandbox with it. The exit status.
    int serve();

private:
    int serve_until_the_builder_ends();
    bool receive_from_front();
    bool receive_from_builder();
    protocol::StepFailure attach(const protocol::Attach& request);
    void kill(std::uint64_t slot);
    void answer_attach(const protocol::Attach& request);
    void answer_seal(const protocol::Seal& request);

    linux::UniqueFd front_;
    linux::UniqueFd builder_;
    linux::UniqueFd builder_process_;
    linux::UniqueFd store_;
    linux::UniqueFd own_mounts_;
    linux::UniqueFd proc_;
    std::map<std::uint64_t, SlotEntry> slots_;
};

}  // namespace hotcell::warden
