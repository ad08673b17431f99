// The builder: the slow lane of the warden. Makes and unmakes domains and slots on the front's request, never on the
// path of a call, and removes everything it made when the front goes.
//
// Threads: one, which forks helpers. Blocks only inside a build (bounded, sandbox_build.h).
#pragma once

#include <map>
#include <vector>

#include "engine/base/result.h"
#include "engine/linux/unique_fd.h"
#include "engine/warden/builder/domain.h"

namespace hotcell::warden {

class Builder {
public:
    /// `front` and `warden` are the builder's ends of its two pipes.
    Builder(Workshop shop, linux::UniqueFd front, linux::UniqueFd warden);

    /// Serves until the front or the warden has gone, then removes every domain, slot and group. The exit status.
    int serve();

private:
    struct Dying {
        bool domain = false;
        std::uint64_t id = 0;
        std::uint64_t domain_id = 0;
        std::uint32_t host_id = 0;
        std::uint64_t kill_again_at_ns = 0;
        linux::UniqueFd init;
        linux::cgroup::Group group;
        std::optional<IdBlock> ids;
    };

    bool receive();
    void build_domain(const protocol::BuildDomain& request);
    void build_slot(const protocol::BuildSlot& request);
    void open_connections(const protocol::OpenConnections& request);
    void destroy_slot(std::uint64_t id);
    void destroy_domain(std::uint64_t id);
    void bury();  // everything dying that is dead by now
    bool bury(Dying& dying);
    void remove_all();
    bool register_slot(const Slot& slot, const SlotHandles& handles, const linux::cgroup::Group& group);
    void reply_built(protocol::BuilderReply type, std::uint64_t id, BuiltReply& built);
    void reply_gone(protocol::BuilderReply type, std::uint64_t id);
    void send(const void* data, std::size_t size, const std::vector<linux::UniqueFd>& fds);

    Workshop shop_;
    linux::UniqueFd front_;
    linux::UniqueFd warden_;
    IdBlocks ids_;
    std::map<std::uint64_t, Domain> domains_;
    std::map<std::uint64_t, Slot> slots_;
    std::vector<Dying> dying_;
};

}  // namespace hotcell::warden
