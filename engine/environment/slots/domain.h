// A domain as the front sees it: its forker to ask for children, its pid 1 that tells of their ends.
//
// Here: matching ends to the children they are of, whichever of the two pipes speaks first. Not here: what a run is.
// Threads: the reactor's.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "engine/environment/reactor/message_pipe.h"
#include "engine/environment/slots/built.h"
#include "engine/protocol/forker.h"

namespace hotcell::environment {

class Domain {
public:
    using OnForked = std::function<void(Result<hc_forked>)>;
    using OnExit = std::function<void(const protocol::ExitReport&)>;
    struct Hooks {
        std::function<void(std::string_view line)> log;  // what the forker wrote
        std::function<void()> on_death;                  // forker or pid 1 has ended; called once
    };

    Domain(Reactor& reactor, BuiltSandbox built, bool has_forker, Hooks hooks);
    ~Domain();

    std::uint64_t id() const { return id_; }
    std::uint32_t landlock_abi() const { return landlock_abi_; }
    bool is_alive() const { return alive_; }
    std::uint32_t children() const { return children_; }

    /// Asks the forker for a child in an armed slot. `done` is called exactly once.
    void fork(std::uint64_t slot, std::uint64_t nonce, OnForked done);
    /// Calls `done` when the child ends, at once if it has ended already. From within OnForked, or the end may be lost.
    void expect_exit(std::uint32_t pid, OnExit done);
    void forget_exit(std::uint32_t pid) { expected_.erase(pid); }

    std::uint32_t slots = 0;  // alive in this domain: it may be destroyed at 0
    bool retired = false;     // no new slots

private:
    class LineReader;
    void receive_control(std::string_view bytes);
    void receive_status(std::string_view bytes);
    void die();

    std::uint64_t id_;
    std::uint32_t forker_pid_;
    std::uint32_t landlock_abi_;
    bool alive_ = true;
    std::uint32_t children_ = 0;
    Hooks hooks_;
    std::map<std::uint64_t, OnForked> forking_;   // by slot
    std::map<std::uint32_t, OnExit> expected_;    // by pid
    std::deque<protocol::ExitReport> unmatched_;  // only while a fork is under way, and bounded
    std::unique_ptr<MessagePipe> status_;
    std::unique_ptr<MessagePipe> control_;
    std::unique_ptr<LineReader> out_;
    std::unique_ptr<LineReader> err_;
};

}  // namespace hotcell::environment
