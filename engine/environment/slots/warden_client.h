// The front's end of the pipe to the warden: attach code, kill. Threads: the reactor's.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "engine/environment/reactor/message_pipe.h"
#include "engine/protocol/front_warden.h"
#include "hotcell/error.h"
#include "hotcell/units.h"

namespace hotcell::environment {

class WardenClient {
public:
    /// How long the mount took inside the warden.
    using OnAttached = std::function<void(Result<Nanos>)>;

    WardenClient(Reactor& reactor, linux::UniqueFd pipe, std::function<void()> on_death);

    /// Mounts the store's directory `name` at the slot's /code or /opt. `done` is called exactly once, with Broken when the warden
    /// dies first.
    void attach(std::uint64_t slot, const std::string& name, protocol::MountPlace place, OnAttached done);
    /// Everything in the slot dies at once.
    void kill(std::uint64_t slot);
    bool is_alive() const { return alive_; }

private:
    void receive(std::string_view bytes);
    void die();

    bool alive_ = true;
    std::map<std::uint64_t, std::deque<OnAttached>> attaching_;  // by slot, in the order of the answers
    std::function<void()> on_death_;
    std::unique_ptr<MessagePipe> pipe_;
};

}  // namespace hotcell::environment
