// One sandbox that serves one function: a program is brought up in it, then calls go in.
//
// Here: what every kind has in common: the slot, its memory, its log, calls with their deadlines, every way in which it can end;
// freezing. How the program is started and spoken to is the kind's: channel/shim_environment.h.
// Not here: which function, when it starts and ends, what a caller is told (dispatch/functions).
// Threads: the reactor's. Everything that comes out of the slot is hostile.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/environment/slots/slot.h"
#include "engine/environment/slots/warden_client.h"
#include "engine/events/deadline.h"
#include "engine/events/long_wait.h"
#include "engine/telemetry/logs/instance_log.h"
#include "hotcell/http_stream.h"
#include "hotcell/invocation.h"

namespace hotcell::environment {

/// What every kind of environment is told of its function.
struct EnvironmentSetup {
    std::string code_name;   // in the store, held by the caller
    std::string opt_name{};  // likewise; what lies at /opt. Empty: nothing
    Bytes memory;
    Bytes memory_as_built;
    Bytes most_result;
    Bytes most_log;                                   // of one call: its end, where there is more
    std::uint32_t concurrency = 1;                    // calls at a time
    std::shared_ptr<telemetry::InstanceLog> lines{};  // unset: what it writes is only in answers
};

/// What one call brings. Views: nothing of it is kept after call() has returned.
struct CallInput {
    std::uint32_t kind = HC_CALL_HANDLER;  // HC_CALL_*
    std::string_view request_id;
    std::string_view qualifier;    // as the caller asked, never empty
    std::int64_t deadline_ms = 0;  // since 1970
    std::uint32_t retry_count = 0;
    std::string_view event;
    Nanos timeout{};
    const HttpCall* http = nullptr;         // of HC_CALL_HTTP
    std::shared_ptr<HttpStream> stream{};   // takes an answer that comes in pieces; kept until the call is over
    std::function<InvokeReport()> known{};  // with a stream: what its begin() is told of the call
};

/// How a call ended.
struct Answer {
    enum class Kind : std::uint8_t {
        Result,
        HandledError,  // the shim's document says what
        Error,
        TimedOut,
        OutOfMemory,
        TooLarge,   // the result is longer than most_result
        Exited,     // the process ended: `status` as wait(2) gives it
        Broken,     // it closed its channel or said what makes no sense
        Cancelled,  // whoever asked has gone
        NotReady,   // it did not come up: `payload` is the document of the failed initialization
    };
    Kind kind = Kind::Broken;
    std::string payload;  // of the kinds that end the environment: empty where dispatch says it in its own words
    int status = 0;
    std::optional<HttpAnswer> http;  // of an HTTP call
    bool streamed = false;           // it went to the call's stream
    std::string log;                 // what the slot wrote since the call began; empty where calls run side by side
    bool log_truncated = false;
    Nanos took{};
    Bytes peak_memory;
    bool spared = false;   // Cancelled beside other calls: the environment lives
    bool is_last = false;  // its program ends by itself now
    bool environment_ended() const { return is_last || (kind > Kind::Error && !spared); }
};

class Environment : protected SlotListener, public std::enable_shared_from_this<Environment> {
public:
    using OnStarted = std::function<void(Result<>)>;
    using OnAnswer = std::function<void(Answer)>;

    Environment(Reactor& reactor, WardenClient& warden, std::unique_ptr<Slot> slot, EnvironmentSetup setup);
    ~Environment() override;

    /// `done` is called exactly once, not before this returns. After an error the environment is dead.
    void start(OnStarted done);
    /// One call; at most `concurrency` may be under way. `done` is called exactly once, at the latest a moment after the
    /// deadline. One that is over its deadline ends the environment, once the calls beside it have been answered.
    /// The call's number, for cancel().
    std::uint64_t call(const CallInput& input, OnAnswer done);
    /// Stops it between calls; the next call lets it go on.
    void freeze();
    bool is_frozen() const { return frozen_; }
    bool is_alive() const { return alive_; }
    /// False while it says itself that it is not well: calls go elsewhere.
    virtual bool is_healthy() const { return true; }
    /// Called once when it dies while no call is under way.
    void on_death(std::function<void()> callback) { on_death_ = std::move(callback); }
    /// Nobody waits for this call any more: ends it, and the environment unless others are under way in it.
    void cancel(std::uint64_t number);
    /// Ends the calls that are under way as if the environment had died.
    void abandon() {
        if (!pending_.empty()) die(Answer::Kind::Broken);
    }
    /// Kills what is in it and hands the slot over to be destroyed. Nothing is called any more.
    std::unique_ptr<Slot> end();

    /// Parts of the start, as phases: "code.attach", "runtime.fork" …
    const std::vector<Phase>& start_parts() const { return start_parts_; }
    /// When the code had been attached, CLOCK_MONOTONIC.
    std::uint64_t attached_ns() const { return attached_ns_; }
    Bytes peak_memory() const { return slot_ ? slot_->peak_memory() : Bytes{}; }

protected:
    /// Starts the program. Memory is set, pipes are read, the code is on its way.
    virtual void bring_up() = 0;
    /// The code lies at /code.
    virtual void code_attached() = 0;
    /// Puts a call to the program. `number` is its name until answer().
    virtual void put(std::uint64_t number, const CallInput& input) = 0;
    /// It is stopped now, until the next call.
    virtual void has_frozen() {}
    /// It has died, and its calls are answered in the program's place.
    virtual void has_died() {}
    /// The program has answered its only call, and what it wrote before has been read.
    virtual void has_answered(const Answer&) {}
    /// The call has been answered in the program's place.
    virtual void forget(std::uint64_t) {}
    /// Why the start has failed, when it did so because the program has ended.
    virtual Error start_failure(Answer::Kind kind, int status);
    /// What the caller is told of a call that ended with the environment; empty: what every runtime says.
    virtual std::string last_words(std::uint64_t, Answer::Kind, int) { return {}; }
    /// Lets go of everything: the slot is about to be handed over.
    virtual void let_go() {}

    bool is_starting() const { return on_started_ != nullptr; }
    void started();
    void fail_start(Error error);
    /// Calls when the start has not ended by then.
    void allow_start(Nanos patience, std::function<void()> over);
    /// The end of what it wrote so far.
    std::string last_output();
    /// A line of the engine's own in the log of the call.
    void say(std::string_view line);
    bool is_pending(std::uint64_t number) const;
    /// The call's answer goes to its stream.
    void mark_streamed(std::uint64_t number);
    /// The program's answer; where it has been short of memory meanwhile, the end of the environment instead.
    void answer(std::uint64_t number, Answer answer);
    void die(Answer::Kind kind, int status = 0);
    void die_of(const protocol::ExitReport& report);

    void on_exit(const protocol::ExitReport& report) override;
    void on_death() override;

    Reactor& reactor_;
    std::unique_ptr<Slot> slot_;
    const EnvironmentSetup setup_;
    Timer timer_;  // to start, to hear of the end
    std::vector<Phase> start_parts_;
    std::uint32_t pid_ = 0;
    std::uint64_t attached_ns_ = 0;  // 0: not yet
    bool alive_ = true;

private:
    using Clock = std::chrono::steady_clock;
    class Log;
    struct Pending {
        std::uint64_t number;
        OnAnswer done;
        Clock::time_point begun;
        Clock::time_point deadline;
        bool streamed = false;
    };

    void attach(const std::string& name, protocol::MountPlace place, const char* part);
    /// Ends one call in the program's place.
    void give_up(std::uint64_t number, Answer::Kind kind);
    void set_deadline();
    void time_out();
    void watch_logs();
    void finish(Pending pending, Answer answer);
    bool ran_out_of_memory();
    bool has_news() const;
    void drain_logs();
    void add_log(Answer& answer);
    Bytes peak_after(Nanos took);
    void cut_log();
    void watch_memory();

    WardenClient& warden_;
    OnStarted on_started_;
    int attaching_ = 0;
    std::vector<Pending> pending_;
    events::Deadline deadline_;  // of the call that comes to it first
    events::LongWait long_call_;
    std::function<void()> on_death_;
    std::unique_ptr<Log> out_;
    std::unique_ptr<Log> err_;
    std::unique_ptr<Event> oom_;
    std::string log_;
    bool log_truncated_ = false;
    Bytes peak_{};
    Nanos since_peak_ = Nanos::max();  // of running, since peak_ was read
    std::uint64_t next_number_ = 1;
    bool frozen_ = false;
};

}  // namespace hotcell::environment
