// An environment whose program is a shim: frames over the slot's channel (docs/protocol/shim-channel.md), one call at a time.
//
// Here: from a slot to a loaded shim; calls as frames, between their two lines in the log; booting a shim ahead of any function.
// Threads: the reactor's. Everything that comes out of the slot is hostile.
#pragma once

#include "engine/environment/environment.h"
#include "engine/environment/runtime/manifest.h"

namespace hotcell::environment {

struct ShimSetup {
    std::string runtime;  // the manifest's name
    std::string load;     // the LOAD document
    std::vector<std::string>
        shim;  // argv, when it is to be exec'ed in a waiting child; empty: forked, or booted already
    std::vector<std::string> shim_environment;
    std::optional<SharedMemoryUse> shared_memory{};
};

class ShimEnvironment final : public Environment {
public:
    ShimEnvironment(Reactor& reactor, WardenClient& warden, std::unique_ptr<Slot> slot, EnvironmentSetup setup,
                    ShimSetup shim);

private:
    void bring_up() override;
    void code_attached() override { load_when_ready(); }
    void put(std::uint64_t number, const CallInput& input) override;
    void has_answered(const Answer& answer) override;
    void let_go() override;
    void say_of_call(std::string_view what, std::string_view remark);
    bool is_healthy() const override { return !is_last_; }

    void on_ready(const hc_ready& ready) override;
    void on_failed(const hc_failed& failed) override;
    void on_answer(ProgramFrame frame) override;
    void on_channel_end() override;
    void on_exit(const protocol::ExitReport& report) override;
    /// In a slot whose first frame is still to be sent. False: the start has failed.
    bool become_shim();
    bool goes_through_memory(std::string_view event) const;
    void keep_pages();

    void fork_child();
    void exec_shim();
    void load_when_ready();
    static void take_head(Answer& given, bool has_head);
    void process_ended(const protocol::ExitReport& report);

    const ShimSetup shim_;
    std::uint64_t nonce_ = 0;
    bool ready_ = false;
    Timer idle_;       // until the pages of shared memory are given back
    int readies_ = 1;  // to come before it is ready
    bool calling_ = false;
    bool called_ = false;     // ever
    std::uint32_t kind_ = 0;  // HC_CALL_*, likewise
    std::string request_id_;
    bool calls_http_ = false;  // the call under way
    bool is_last_ = false;     // it has said that its program ends
};

/// Boots a shim in a waiting child ahead of any function: a prepared slot.
class ShimBoot final : private SlotListener {
public:
    /// `done` gets the slot back, booted; or an error, and the slot to be destroyed. May destroy this object.
    using OnBooted = std::function<void(Result<>, std::unique_ptr<Slot>)>;
    ShimBoot(Reactor& reactor, std::unique_ptr<Slot> slot, OnBooted done);

    void begin(const std::vector<std::string>& argv, const std::vector<std::string>& environment, bool shares_memory);
    /// The slot, to be destroyed; `done` is not called any more.
    std::unique_ptr<Slot> give_up();

private:
    void on_ready(const hc_ready& ready) override;
    void on_failed(const hc_failed& failed) override;
    void on_channel_end() override;
    void on_exit(const protocol::ExitReport& report) override;
    void on_death() override;
    void finish(Result<> result);

    Reactor& reactor_;
    std::unique_ptr<Slot> slot_;
    OnBooted done_;
    Timer timer_;
    int readies_ = 1;
};

}  // namespace hotcell::environment
