// One call in one slot, from limits to report. Whatever happens, it ends exactly once, and soon after its deadline.
//
// Order: limits · attach (warden) beside fork (forker) · READY and Attached seen · Run frame · channel's end = started ·
// event in, output out · end reported or deadline or out of memory · kill what is left · last output · report.
// Not here: where the slot comes from and goes to (pool.h), whether the call may run (admission.h).
// Threads: the engine's.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/dispatch/output.h"
#include "engine/dispatch/phases.h"
#include "engine/environment/slots/slot.h"
#include "engine/environment/slots/warden_client.h"
#include "hotcell/run.h"

namespace hotcell::dispatch {

struct RunCall {
    std::string request_id;
    std::string code_name;  // of the program in the store; empty: it lies in the root tree
    std::vector<std::string> argv;
    std::vector<std::string> environment;  // NAME=value
    std::string event;
    StartKind start = StartKind::Exec;
    SlotKind slot = SlotKind::Fresh;
    RunLimits limits;
    Bytes limit_as_built;                                // the slot's memory limit now
    std::function<void(linux::UniqueFd)> give_output{};  // set: standard output is read elsewhere
};

class Run final : private environment::SlotListener, public std::enable_shared_from_this<Run> {
public:
    struct Hooks {
        std::function<void()> on_started;  // the program runs, or never will; called at most once
        /// The slot is the caller's again, to be destroyed. Called exactly once, after which the run does nothing more.
        std::function<void(Result<RunReport>, std::unique_ptr<environment::Slot>)> on_end;
    };

    Run(environment::Reactor& reactor, environment::WardenClient& warden, RunCall call, PhaseClock phases,
        std::unique_ptr<environment::Slot> slot, Hooks hooks);

    void begin();
    /// The program is in the store (or could not be put there): it can be attached.
    void code_stored(Result<> stored);
    /// Ends it now with this error, whatever it is doing.
    void abandon(Error error);

private:
    void on_ready(const hc_ready& ready) override;
    void on_failed(const hc_failed& failed) override;
    void on_channel_end() override;
    void on_exit(const protocol::ExitReport& report) override;
    void on_death() override;

    void start_fork();
    void on_forked(Result<hc_forked> forked);
    void on_attached(Result<Nanos> attached);
    void send_run_when_ready();
    void mark_started();
    void watch_memory();
    void write_event();
    void kill();
    void program_ended(const protocol::ExitReport* report);
    void finish_when_drained();
    void finish();
    void end(Result<RunReport> result);
    RunReport make_report();

    environment::Reactor& reactor_;
    environment::WardenClient& warden_;
    RunCall call_;
    PhaseClock phases_;
    std::unique_ptr<environment::Slot> slot_;
    Hooks hooks_;
    environment::Timer timer_;  // one deadline at a time: to start, to run, to die, to drain
    std::unique_ptr<Output> out_;
    std::unique_ptr<Output> err_;
    std::unique_ptr<environment::Watch> in_;
    std::unique_ptr<environment::Event> oom_;
    std::size_t event_sent_ = 0;
    std::uint32_t pid_ = 0;  // of the program's first process
    bool ready_ = false;
    bool attached_ = false;
    bool run_sent_ = false;
    bool started_ = false;
    bool ended_ = false;     // the program
    bool finished_ = false;  // the run
    bool timed_out_ = false;
    bool out_of_memory_ = false;
    std::optional<protocol::ExitReport> exit_;
};

}  // namespace hotcell::dispatch
