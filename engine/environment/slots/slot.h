// A slot as the front sees it: the channel to the program's side, the word of its pid 1, its control files.
//
// Here: turning bytes into events for whoever holds the slot. Not here: when it is built or destroyed (dispatch/pool),
// what is run in it (dispatch/run). Threads: the reactor's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "engine/environment/channel/frame_stream.h"
#include "engine/environment/channel/shared_memory.h"
#include "engine/environment/reactor/message_pipe.h"
#include "engine/environment/slots/built.h"
#include "engine/environment/slots/domain.h"

namespace hotcell::environment {

/// What happens in a slot. A listener may destroy the slot from within a call.
class SlotListener {
public:
    virtual ~SlotListener() = default;
    virtual void on_ready(const hc_ready& ready) = 0;
    virtual void on_failed(const hc_failed& failed) = 0;
    /// A result or an error; comes only where answers were allowed.
    virtual void on_answer(ProgramFrame) {}
    /// The program has been started, or a shim or its process has ended, or what came was no frame.
    virtual void on_channel_end() = 0;
    virtual void on_exit(const protocol::ExitReport& report) = 0;
    /// Its pid 1 has ended, and with it everything in it.
    virtual void on_death() = 0;
};

class Slot {
public:
    Slot(Reactor& reactor, BuiltSandbox built, bool executor, std::shared_ptr<Domain> domain);

    std::uint64_t id() const { return built_.id; }
    std::uint32_t child_pid() const { return built_.child_pid; }  // of the waiting child; 0 in an armed slot
    bool is_executor() const { return executor_; }
    const std::shared_ptr<Domain>& domain() const { return domain_; }
    const std::vector<Phase>& steps() const { return built_.steps; }
    bool is_dead() const { return dead_; }
    const std::optional<hc_ready>& ready() const { return ready_; }

    void listen(SlotListener* listener) { listener_ = listener; }
    /// Hands over what lies on the channel right now.
    void drain_channel();
    /// In order, as the socket takes it.
    void send(std::string bytes);
    /// The next frame, RUN of a shim or LOAD of a zygote's child, takes two pipes and, if asked for, shared memory of this slot's own
    /// with it. From then on frames go over the pipes.
    Result<> become_shim(bool shares_memory);
    /// Null where there is none.
    SharedMemory* shared_memory() { return memory_.get(); }
    /// Of a shim: answers may come from now on, of at most so many bytes.
    void allow_answers(std::uint32_t most_bytes) { shim_->frames().allow_answers(most_bytes); }
    bool answer_was_too_large() const { return shim_ && shim_->frames().is_too_large(); }
    /// Stops or continues everything in it. Does not wait; False when the kernel refuses.
    bool freeze(bool frozen);

    /// Memory and swap, in the order the kernel wants for raising or lowering.
    Result<> set_memory_limit(Bytes limit, Bytes before);
    Bytes peak_memory() const;
    /// Processes killed for want of memory.
    std::uint64_t oom_kills() const;
    linux::UniqueFd take(protocol::FdRole role) { return built_.take(role); }
    /// TCP sockets of its network namespace that were made with it.
    std::vector<linux::UniqueFd> take_connections() { return std::move(built_.connections); }

private:
    void take_frame(ProgramFrame frame);

    Reactor& reactor_;
    BuiltSandbox built_;
    bool executor_;
    std::shared_ptr<Domain> domain_;
    SlotListener* listener_ = nullptr;
    std::optional<hc_ready> ready_;
    std::unique_ptr<SharedMemory> memory_;
    std::vector<linux::UniqueFd> to_pass_;  // the shim's ends of its pipes
    bool passed_ = false;
    bool dead_ = false;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // false once this object has gone
    std::unique_ptr<FrameStream> channel_;
    std::unique_ptr<FrameStream> shim_;  // the pipes, of a shim
    std::unique_ptr<MessagePipe> status_;

public:
    ~Slot() { *alive_ = false; }
};

}  // namespace hotcell::environment
