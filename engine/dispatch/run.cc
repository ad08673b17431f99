#include "engine/dispatch/run.h"

#include <cerrno>
#include <csignal>

#include "engine/environment/channel/frames.h"
#include "engine/linux/process/wait_status.h"
#include "engine/linux/sockets/sockets.h"

namespace hotcell::dispatch {

using environment::Slot;
using protocol::FdRole;

namespace {

constexpr Nanos kStartPatience = std::chrono::seconds(10);
constexpr Nanos kDeathPatience = std::chrono::seconds(2);  // from the kill to the word of it
constexpr Nanos kDrainPatience = std::chrono::milliseconds(50);

Error start_error(const hc_failed& failed) {
    const char* step = protocol::step_name(static_cast<std::uint16_t>(failed.step));
    // what the kernel says of the program's file itself is the caller's business, the rest is ours
    const bool of_program = failed.step == static_cast<std::uint32_t>(protocol::Step::ChildExec) &&
                            (failed.sys == ENOEXEC || failed.sys == ENOENT || failed.sys == EACCES ||
                             failed.sys == E2BIG || failed.sys == ELIBBAD || failed.sys == EINVAL);
    return Error{of_program ? ErrorKind::InvalidArgument : ErrorKind::Broken, failed.sys,
                 std::string("start the program: ") + step,
                 failed.sys == ENOEXEC
                     ? "is it an executable file or a script with a first line that names its interpreter?"
                     : ""};
}

}  // namespace

Run::Run(environment::Reactor& reactor, environment::WardenClient& warden, RunCall call, PhaseClock phases,
         std::unique_ptr<Slot> slot, Hooks hooks)
    : reactor_(reactor),
      warden_(warden),
      call_(std::move(call)),
      phases_(std::move(phases)),
      slot_(std::move(slot)),
      hooks_(std::move(hooks)),
      timer_(reactor) {}

void Run::begin() {
    slot_->listen(this);
    timer_.start(kStartPatience, [self = weak_from_this()] {
        if (const auto run = self.lock())
            run->abandon(Error{ErrorKind::Broken, ETIMEDOUT, "start the program: the sandbox did not answer", {}});
    });
    if (slot_->is_dead()) return abandon(Error{ErrorKind::Broken, 0, "the sandbox has ended before the program", {}});
    if (auto set = slot_->set_memory_limit(call_.limits.memory, call_.limit_as_built); !set)
        return abandon(std::move(set).error());
    const auto on_end = [self = weak_from_this()] {
        if (const auto run = self.lock()) run->finish_when_drained();
    };
    if (call_.give_output)
        call_.give_output(slot_->take(FdRole::Stdout));
    else
        out_ = std::make_unique<Output>(reactor_, slot_->take(FdRole::Stdout), call_.limits.output, on_end);
    err_ = std::make_unique<Output>(reactor_, slot_->take(FdRole::Stderr), call_.limits.log, on_end);
    watch_memory();
    if (slot_->is_executor()) {
        pid_ = slot_->child_pid();
        ready_ = slot_->ready().has_value();
    } else {
        start_fork();
    }
}

void Run::start_fork() {
    slot_->domain()->fork(slot_->id(), slot_->id(), [self = weak_from_this()](Result<hc_forked> forked) {
        if (const auto run = self.lock()) run->on_forked(std::move(forked));
    });
}

void Run::on_forked(Result<hc_forked> forked) {
    if (finished_) return;
    if (!forked) return abandon(std::move(forked).error());
    pid_ = static_cast<std::uint32_t>(forked->pid);
    phases_.add_part("runtime", "enter-slot", Nanos(forked->entered_ns - forked->received_ns));
    phases_.add_part("runtime", "fork", Nanos(forked->forked_ns - forked->entered_ns));
    slot_->domain()->expect_exit(pid_, [self = weak_from_this()](const protocol::ExitReport& report) {
        if (const auto run = self.lock()) run->program_ended(&report);
    });
}

void Run::code_stored(Result<> stored) {
    if (finished_) return;
    if (!stored) return abandon(std::move(stored).error());
    if (call_.code_name.empty()) return on_attached(Nanos{});
    warden_.attach(slot_->id(), call_.code_name, protocol::MountPlace::Code,
                   [self = weak_from_this()](Result<Nanos> attached) {
                       if (const auto run = self.lock()) run->on_attached(std::move(attached));
                   });
}

void Run::on_attached(Result<Nanos> attached) {
    if (finished_) return;
    if (!attached) return abandon(std::move(attached).error());
    attached_ = true;
    phases_.add_part("code", "attach", *attached);
    phases_.end("code");
    send_run_when_ready();
}

void Run::on_ready(const hc_ready& ready) {
    if (finished_ || ready.nonce != (slot_->is_executor() ? 0 : slot_->id())) return;
    ready_ = true;
    send_run_when_ready();
}

void Run::send_run_when_ready() {
    if (!attached_ || !ready_ || run_sent_) return;
    auto frame = environment::encode_run(slot_->id(), call_.argv, call_.environment);
    if (!frame) return abandon(std::move(frame).error());
    run_sent_ = true;
    slot_->send(std::move(*frame));
}

void Run::on_failed(const hc_failed& failed) {
    if (!finished_) abandon(start_error(failed));
}

void Run::on_channel_end() {
    if (finished_ || started_ || ended_) return;
    // gone before it was told what to run: its end will be reported, and says more
    if (!run_sent_) return;
    mark_started();
    timer_.start(call_.limits.timeout, [self = weak_from_this()] {
        const auto run = self.lock();
        if (!run || run->ended_) return;
        run->timed_out_ = true;
        run->kill();
    });
    if (linux::UniqueFd fd = slot_->take(FdRole::Stdin)) {
        in_ = std::make_unique<environment::Watch>(reactor_, std::move(fd));
        write_event();
    }
}

void Run::mark_started() {
    started_ = true;
    phases_.end("runtime");
    if (auto on_started = std::exchange(hooks_.on_started, nullptr)) on_started();
}

void Run::write_event() {
    while (event_sent_ < call_.event.size()) {
        const long n = linux::write_some(in_->fd(), std::string_view(call_.event).substr(event_sent_));
        if (n == -EAGAIN)
            return in_->when_writable([self = weak_from_this()] {
                const auto run = self.lock();
                if (run && run->in_) run->write_event();
            });
        if (n < 0) break;  // it does not read, or has ended
        event_sent_ += static_cast<std::size_t>(n);
    }
    in_.reset();
}

void Run::watch_memory() {
    linux::UniqueFd event = slot_->take(FdRole::OomEvent);
    if (!event) return;
    oom_ = std::make_unique<environment::Event>(reactor_, std::move(event), [self = weak_from_this()] {
        const auto run = self.lock();
        if (!run || run->ended_ || run->finished_) return;
        run->out_of_memory_ = true;
        run->kill();
    });
}

void Run::kill() {
    warden_.kill(slot_->id());
    // its end is reported; if even that does not come, it is taken as said
    timer_.start(kDeathPatience, [self = weak_from_this()] {
        if (const auto run = self.lock()) run->program_ended(nullptr);
    });
}

void Run::on_exit(const protocol::ExitReport& report) {
    // an orphan's end, or that of another process than the program's first
    if (slot_->is_executor() && report.pid == pid_) program_ended(&report);
}

void Run::on_death() {
    // an armed slot's program is reported by the domain, which may take a moment longer
    if (finished_ || ended_) return;
    if (slot_->is_executor()) return program_ended(nullptr);
    timer_.start(kDeathPatience, [self = weak_from_this()] {
        if (const auto run = self.lock()) run->program_ended(nullptr);
    });
}

void Run::program_ended(const protocol::ExitReport* report) {
    if (finished_ || ended_) return;
    const auto self = shared_from_this();
    slot_->drain_channel();  // what it said before its end, in its order
    if (finished_ || ended_) return;
    if (report != nullptr) exit_ = *report;
    out_of_memory_ = out_of_memory_ || (!timed_out_ && slot_->oom_kills() > 0);
    // a sibling on its way into another slot may still hold the channel's end for a moment
    if (!started_ && run_sent_) mark_started();
    if (!started_ && !out_of_memory_)
        return abandon(Error{ErrorKind::Broken, 0, "start the program: its process ended before it", {}});
    ended_ = true;
    phases_.end(started_ ? "handler" : "runtime");
    in_.reset();
    oom_.reset();
    warden_.kill(slot_->id());  // what it left running dies here
    if (out_) out_->drain();
    err_->drain();
    timer_.start(kDrainPatience, [weak = weak_from_this()] {
        if (const auto run = weak.lock()) run->finish();
    });
    finish_when_drained();
}

void Run::finish_when_drained() {
    if (ended_ && !(out_ && out_->is_open()) && !err_->is_open()) finish();
}

void Run::finish() {
    if (finished_) return;
    if (!exit_ && !timed_out_ && !out_of_memory_)
        return abandon(Error{ErrorKind::Broken, 0, "the sandbox ended without a word of the program's end", {}});
    end(make_report());
}

RunReport Run::make_report() {
    RunReport report;
    report.request_id = call_.request_id;
    report.start = call_.start;
    report.slot = call_.slot;
    if (out_) {
        report.output_truncated = out_->is_truncated();
        report.output = out_->take();
    }
    report.log_truncated = err_->is_truncated();
    report.log = err_->take();
    report.peak_memory = slot_->peak_memory();
    const linux::WaitStatus status = linux::read_wait_status(exit_ ? exit_->status : SIGKILL);
    report.code = status.signal != 0 ? status.signal : status.code;
    report.outcome = timed_out_           ? RunOutcome::TimedOut
                     : out_of_memory_     ? RunOutcome::OutOfMemory
                     : status.signal != 0 ? RunOutcome::Signalled
                                          : RunOutcome::Exited;
    if (exit_) report.cpu = Micros(exit_->user_us + exit_->system_us);
    phases_.end("respond");
    report.phases = phases_.take();
    report.total = phases_.total();
    return report;
}

void Run::abandon(Error error) {
    if (finished_) return;
    warden_.kill(slot_->id());
    end(std::unexpected(std::move(error)));
}

void Run::end(Result<RunReport> result) {
    finished_ = true;
    const auto self = shared_from_this();
    timer_.cancel();
    slot_->listen(nullptr);
    if (!slot_->is_executor() && pid_ != 0) slot_->domain()->forget_exit(pid_);
    if (auto on_started = std::exchange(hooks_.on_started, nullptr)) on_started();
    // not from within the slot's own call: whoever gets it destroys it
    reactor_.post([self, result = std::make_shared<Result<RunReport>>(std::move(result))]() {
        self->out_.reset();
        self->err_.reset();
        self->in_.reset();
        self->oom_.reset();
        auto on_end = std::exchange(self->hooks_.on_end, nullptr);
        on_end(std::move(*result), std::move(self->slot_));
    });
}

}  // namespace hotcell::dispatch
