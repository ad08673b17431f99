// One sandbox that serves one function: its shim is told whose it is, then calls go in one after the other.
//
// Here: from a slot to a loaded shim; a call with its deadline, its log and every way in which it can end; freezing.
// Not here: which function, when it starts and ends, what a caller is told (dispatch/functions).
// Threads: the reactor's. Everything that comes out of the slot is hostile.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/environment/slots/slot.h"
#include "engine/environment/slots/warden_client.h"

namespace hotcell::environment {

struct EnvironmentSetup {
    std::string code_name;  // in the store, held by the caller
    std::string load;       // the LOAD document
    std::vector<std::string>
        shim;  // argv, when it is to be exec'ed in a waiting child; empty: forked, or booted already
    std::vector<std::string> shim_environment;
    Bytes memory;
    Bytes memory_as_built;
    Bytes most_result;
    Bytes most_log;  // of one call
};

/// How a call ended.
struct Answer {
    enum class Kind : std::uint8_t {
        Result,
        HandledError,  // the shim's document says what
        Error,
        TimedOut,
        OutOfMemory,
        TooLarge,  // the result is longer than most_result
        Exited,    // the process ended: `status` as wait(2) gives it
        Broken,    // it closed its channel or said what makes no sense
    };
    Kind kind = Kind::Broken;
    std::string payload;
    int status = 0;
    std::string log;  // what the slot wrote since the call began
    bool log_truncated = false;
    Nanos took{};
    Bytes peak_memory;
    bool environment_ended() const { return kind > Kind::Error; }
};

class Environment final : private SlotListener, public std::enable_shared_from_this<Environment> {
public:
    using OnStarted = std::function<void(Result<>)>;
    using OnAnswer = std::function<void(Answer)>;

    Environment(Reactor& reactor, WardenClient& warden, std::unique_ptr<Slot> slot, EnvironmentSetup setup);
    ~Environment() override;

    /// `done` is called exactly once, not before this returns. After an error the environment is dead.
    void start(OnStarted done);
    /// One call; none other may be under way. `done` is called exactly once, at the latest a moment after the deadline.
    void call(std::uint32_t kind, std::string_view context, std::string_view event, Nanos timeout, OnAnswer done);
    /// Stops it between calls; the next call lets it go on.
    void freeze();
    bool is_frozen() const { return frozen_; }
    bool is_alive() const { return alive_; }
    /// Called once when it dies while no call is under way.
    void on_death(std::function<void()> callback) { on_death_ = std::move(callback); }
    /// Ends a call that is under way as if the environment had died.
    void abandon() {
        if (pending_) die(Answer::Kind::Broken);
    }
    /// Kills what is in it and hands the slot over to be destroyed. Nothing is called any more.
    std::unique_ptr<Slot> end();

    /// Parts of the start, as phases: "code.attach", "runtime.fork" …
    const std::vector<Phase>& start_parts() const { return start_parts_; }
    /// When the code had been attached, CLOCK_MONOTONIC.
    std::uint64_t attached_ns() const { return attached_ns_; }
    Bytes peak_memory() const { return slot_ ? slot_->peak_memory() : Bytes{}; }

private:
    class Log;
    struct Pending {
        std::uint64_t request;
        OnAnswer done;
        std::uint64_t begun_ns;
    };

    void on_ready(const hc_ready& ready) override;
    void on_failed(const hc_failed& failed) override;
    void on_answer(ProgramFrame frame) override;
    void on_channel_end() override;
    void on_exit(const protocol::ExitReport& report) override;
    void on_death() override;

    void fork_child();
    void exec_shim();
    void load_when_ready();
    void fail_start(Error error);
    void process_ended(const protocol::ExitReport& report);
    void finish(Answer answer);
    void die(Answer::Kind kind, int status = 0);
    void watch_memory();
    bool ran_out_of_memory();

    Reactor& reactor_;
    WardenClient& warden_;
    std::unique_ptr<Slot> slot_;
    EnvironmentSetup setup_;
    Timer timer_;  // one deadline at a time: to start, to answer, to hear of the end
    OnStarted on_started_;
    std::optional<Pending> pending_;
    std::function<void()> on_death_;
    std::unique_ptr<Log> out_;
    std::unique_ptr<Log> err_;
    std::unique_ptr<Watch> oom_;
    std::vector<Phase> start_parts_;
    std::string log_;
    bool log_truncated_ = false;
    std::uint64_t next_request_ = 1;
    std::uint32_t pid_ = 0;
    std::uint64_t nonce_ = 0;
    std::uint64_t attached_ns_ = 0;  // 0: not yet
    bool ready_ = false;
    int readies_ = 1;  // to come before it is ready
    bool frozen_ = false;
    bool alive_ = true;
};

/// Boots a shim in a waiting child ahead of any function: a prepared slot.
class ShimBoot final : private SlotListener {
public:
    /// `done` gets the slot back, booted; or an error, and the slot to be destroyed. May destroy this object.
    using OnBooted = std::function<void(Result<>, std::unique_ptr<Slot>)>;
    ShimBoot(Reactor& reactor, std::unique_ptr<Slot> slot, OnBooted done);

    void begin(const std::vector<std::string>& argv, const std::vector<std::string>& environment);
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
