// The front's end of the pipe to the builder: ask for domains and slots, hear of them later.
//
// Threads: the reactor's. Every callback is called exactly once, also when the builder dies (with Broken).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "engine/environment/reactor/message_pipe.h"
#include "engine/environment/slots/built.h"

namespace hotcell::environment {

class BuilderClient {
public:
    using OnBuilt = std::function<void(Result<BuiltSandbox>)>;
    using OnGone = std::function<void()>;
    using OnOpened = std::function<void(Result<std::vector<linux::UniqueFd>>)>;

    /// `on_death` is called once, when the builder has gone.
    BuilderClient(Reactor& reactor, linux::UniqueFd pipe, std::function<void()> on_death);

    /// Ids are this client's: 1, 2, … over domains and slots.
    std::uint64_t build_domain(std::uint32_t runtime, OnBuilt done);
    /// `request.slot` is filled in. Its number.
    std::uint64_t build_slot(protocol::BuildSlot request, OnBuilt done);
    /// TCP sockets of the slot's network namespace, not connected yet. One request of a slot at a time.
    void open_connections(std::uint64_t slot, std::uint32_t count, OnOpened done);
    void destroy_slot(std::uint64_t slot, OnGone done);
    void destroy_domain(std::uint64_t domain, OnGone done);

    bool is_alive() const { return alive_; }
    /// What has been asked to be destroyed and is not gone yet.
    std::size_t dying() const { return going_.size(); }
    /// Calls once when nothing asked to be destroyed is left, at once if so already.
    void when_all_gone(std::function<void()> done);

private:
    void receive(std::string_view bytes, std::vector<linux::UniqueFd>& fds);
    void die();

    bool alive_ = true;
    std::uint64_t next_id_ = 1;
    std::map<std::uint64_t, OnBuilt> building_;
    std::map<std::uint64_t, OnOpened> opening_;
    std::map<std::uint64_t, OnGone> going_;
    std::function<void()> on_death_;
    std::function<void()> all_gone_;
    std::unique_ptr<MessagePipe> pipe_;
};

}  // namespace hotcell::environment
