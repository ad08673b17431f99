#include "engine/environment/environment.h"

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/linux/sockets/sockets.h"

namespace hotcell::environment {

using protocol::FdRole;

namespace {

constexpr Nanos kStartPatience = std::chrono::seconds(10);
constexpr int kPiecesAtOnce = 4;
constexpr std::size_t kLastOutput = 4096;
// Reading the peak is a sixth of what the engine does for a short call: one is read again once calls have run for so long since.
// Memory is not filled faster than some megabytes in that time.
constexpr Nanos kPeakStays = std::chrono::milliseconds(1);

}  // namespace

/// One of the two pipes a slot writes to: what comes is added to the log, up to its cap.
///
/// Every line would wake the loop: what a short call writes is read with its answer, and the pipe is watched only where it might
/// fill before.
class Environment::Log {
public:
    Log(Environment& owner, LogStream stream, linux::UniqueFd fd)
        : owner_(owner), stream_(stream), fd_(std::move(fd)) {}

    void drain() {
        char piece[65536];
        for (int i = 0; open_ && i < kPiecesAtOnce; ++i) {
            const long n = linux::read_some(fd(), piece, sizeof piece);
            if (n == -EAGAIN) return;
            if (n <= 0) {
                open_ = false;
                watch_.reset();
                return;
            }
            keep({piece, static_cast<std::size_t>(n)});
            if (static_cast<std::size_t>(n) < sizeof piece) return;
        }
    }
    int fd() const { return !open_ ? -1 : watch_ ? watch_->fd() : fd_.get(); }
    void watch() {
        if (!open_ || watch_) return;
        watch_ = std::make_unique<Watch>(owner_.reactor_, std::move(fd_));
        wait();
    }
    void leave() {
        if (!watch_) return;
        drain();
        if (!watch_) return;
        fd_ = watch_->release();
        watch_.reset();
    }

private:
    void wait() {
        watch_->when_readable([this] {
            drain();
            if (watch_) wait();
        });
    }
    void keep(std::string_view bytes) {
        owner_.log_.append(bytes);
        if (owner_.log_.size() > 2 * owner_.setup_.most_log.count) owner_.cut_log();  // not at every piece of a flood
        if (owner_.setup_.lines) owner_.setup_.lines->write(stream_, bytes);
    }

    Environment& owner_;
    const LogStream stream_;
    linux::UniqueFd fd_;  // while nobody watches it
    std::unique_ptr<Watch> watch_;
    bool open_ = true;
};

Environment::Environment(Reactor& reactor, WardenClient& warden, std::unique_ptr<Slot> slot, EnvironmentSetup setup)
    : reactor_(reactor),
      slot_(std::move(slot)),
      setup_(std::move(setup)),
      timer_(reactor),
      warden_(warden),
      deadline_(reactor.loop(), [this] { time_out(); }),
      long_call_(reactor.loop(), [this] { watch_logs(); }) {}

Environment::~Environment() = default;

void Environment::start(OnStarted done) {
    on_started_ = std::move(done);
    slot_->listen(this);
    allow_start(kStartPatience, [this] {
        fail_start(Error{ErrorKind::Broken, ETIMEDOUT, "start the runtime: the sandbox did not answer", {}});
    });
    if (slot_->is_dead()) return fail_start(Error{ErrorKind::Broken, 0, "the sandbox has ended before its start", {}});
    if (auto set = slot_->set_memory_limit(setup_.memory, setup_.memory_as_built); !set)
        return fail_start(std::move(set).error());
    out_ = std::make_unique<Log>(*this, LogStream::Out, slot_->take(FdRole::Stdout));
    err_ = std::make_unique<Log>(*this, LogStream::Err, slot_->take(FdRole::Stderr));
    (void)slot_->take(FdRole::Stdin);  // functions read nothing: they see its end
    watch_logs();
    watch_memory();
    attaching_ = setup_.opt_name.empty() ? 1 : 2;
    attach(setup_.code_name, protocol::MountPlace::Code, "code.attach");
    if (!setup_.opt_name.empty()) attach(setup_.opt_name, protocol::MountPlace::Opt, "code.attach-layers");
    bring_up();
}

void Environment::attach(const std::string& name, protocol::MountPlace place, const char* part) {
    warden_.attach(slot_->id(), name, place, [self = weak_from_this(), part](Result<Nanos> attached) {
        const auto one = self.lock();
        if (!one || !one->on_started_) return;
        if (!attached) return one->fail_start(std::move(attached).error());
        one->start_parts_.push_back({part, *attached});
        if (--one->attaching_ > 0) return;
        one->attached_ns_ = monotonic_ns();
        one->code_attached();
    });
}

void Environment::allow_start(Nanos patience, std::function<void()> over) {
    timer_.start(patience, [self = weak_from_this(), over = std::move(over)] {
        if (const auto one = self.lock(); one && one->on_started_) over();
    });
}

Error Environment::start_failure(Answer::Kind, int) {
    return Error{ErrorKind::Broken, 0, "start the runtime: its process has ended", {}};
}

std::string Environment::last_output() {
    drain_logs();
    return log_.size() > kLastOutput ? log_.substr(log_.size() - kLastOutput) : log_;
}

void Environment::started() {
    timer_.cancel();
    std::exchange(on_started_, nullptr)({});
}

void Environment::fail_start(Error error) {
    if (!alive_) return;
    alive_ = false;
    timer_.cancel();
    warden_.kill(slot_->id());
    // not from within start(), nor from within the slot's own call
    reactor_.post([self = shared_from_this(), error = std::move(error)] {
        if (auto done = std::exchange(self->on_started_, nullptr)) done(std::unexpected(error));
    });
}

void Environment::say(std::string_view line) {
    if (!log_.empty() && log_.back() != '\n') log_ += '\n';
    log_.append(line) += '\n';
    if (setup_.lines) setup_.lines->say(line);
}

std::uint64_t Environment::call(const CallInput& input, OnAnswer done) {
    const std::uint64_t number = next_number_++;
    const Clock::time_point now = Clock::now();
    pending_.push_back({number, std::move(done), now, now + input.timeout});
    set_deadline();
    if (pending_.size() == 1) {
        for (Log* log : {out_.get(), err_.get()})
            if (log != nullptr) log->leave();
        long_call_.begin();
        log_.clear();
        log_truncated_ = false;
    }
    if (setup_.lines && setup_.concurrency == 1) setup_.lines->begin(input.request_id);
    if (!alive_) {
        reactor_.post([self = shared_from_this()] {
            if (!self->pending_.empty()) self->die(Answer::Kind::Broken);
        });
        return number;
    }
    if (std::exchange(frozen_, false)) (void)slot_->freeze(false);
    put(number, input);
    return number;
}

void Environment::cancel(std::uint64_t number) { give_up(number, Answer::Kind::Cancelled); }

void Environment::watch_logs() {
    for (Log* log : {out_.get(), err_.get()})
        if (log != nullptr) log->watch();
}

/// To the nearest of all calls.
void Environment::set_deadline() {
    const auto first = std::ranges::min_element(pending_, {}, &Pending::deadline);
    if (first == pending_.end()) return deadline_.clear();
    deadline_.set(first->deadline);
}

void Environment::freeze() {
    if (!alive_ || !pending_.empty() || frozen_) return;
    frozen_ = slot_->freeze(true);
    if (frozen_) has_frozen();
}

bool Environment::is_pending(std::uint64_t number) const {
    return std::ranges::find(pending_, number, &Pending::number) != pending_.end();
}

void Environment::mark_streamed(std::uint64_t number) {
    const auto found = std::ranges::find(pending_, number, &Pending::number);
    if (found != pending_.end()) found->streamed = true;
}

void Environment::answer(std::uint64_t number, Answer answer) {
    const auto found = std::ranges::find(pending_, number, &Pending::number);
    if (found == pending_.end()) return;
    const bool news = has_news();
    if (news && ran_out_of_memory()) return die(Answer::Kind::OutOfMemory);
    Pending pending = std::move(*found);
    pending_.erase(found);
    if (pending_.empty()) deadline_.clear();
    if (news) drain_logs();
    add_log(answer);
    const auto self = shared_from_this();
    finish(std::move(pending), std::move(answer));
}

/// Whether there is anything to read beside the answer, which after a short call there seldom is: one look instead of three reads.
bool Environment::has_news() const {
    return linux::any_readable({out_ ? out_->fd() : -1, err_ ? err_->fd() : -1, oom_ ? oom_->fd() : -1});
}

void Environment::drain_logs() {
    if (out_) out_->drain();
    if (err_) err_->drain();
}

void Environment::add_log(Answer& answer) {
    if (pending_.empty()) has_answered(answer);
    if (setup_.lines && pending_.empty()) setup_.lines->end();
    if (setup_.concurrency > 1) return;
    cut_log();
    answer.log = std::exchange(log_, {});
    answer.log_truncated = log_truncated_;
}

void Environment::cut_log() {
    if (log_.size() <= setup_.most_log.count) return;
    log_.erase(0, log_.size() - setup_.most_log.count);
    log_truncated_ = true;
}

void Environment::finish(Pending pending, Answer answer) {
    answer.took = Clock::now() - pending.begun;
    answer.peak_memory = peak_after(answer.took);
    answer.streamed = pending.streamed;
    pending.done(std::move(answer));
}

Bytes Environment::peak_after(Nanos took) {
    if (alive_ && since_peak_ < kPeakStays && (since_peak_ += took) < kPeakStays) return peak_;
    since_peak_ = {};
    return peak_ = slot_->peak_memory();
}

void Environment::give_up(std::uint64_t number, Answer::Kind kind) {
    if (!is_pending(number)) return;
    if (pending_.size() == 1) return die(kind);
    forget(number);
    Answer given;
    given.kind = kind;
    given.spared = kind == Answer::Kind::Cancelled;
    answer(number, std::move(given));
}

void Environment::time_out() {
    const auto self = shared_from_this();
    const Clock::time_point now = Clock::now();
    while (alive_) {
        const auto late = std::ranges::find_if(pending_, [&](const Pending& one) { return one.deadline <= now; });
        if (late == pending_.end()) return set_deadline();
        give_up(late->number, Answer::Kind::TimedOut);
    }
}

void Environment::die(Answer::Kind kind, int status) {
    if (on_started_) return fail_start(start_failure(kind, status));
    const auto self = shared_from_this();
    if (std::exchange(alive_, false)) warden_.kill(slot_->id());
    timer_.cancel();
    deadline_.clear();
    has_died();
    if (pending_.empty()) {
        if (auto callback = std::exchange(on_death_, nullptr)) reactor_.post(std::move(callback));
        return;
    }
    Answer last;
    last.kind = kind;
    last.status = status;
    drain_logs();
    add_log(last);
    if (setup_.lines) setup_.lines->end();
    for (Pending& pending : std::exchange(pending_, {})) {
        last.payload = last_words(pending.number, kind, status);
        finish(std::move(pending), last);
    }
}

bool Environment::ran_out_of_memory() { return oom_ && oom_->take(); }

void Environment::watch_memory() {
    linux::UniqueFd event = slot_->take(FdRole::OomEvent);
    if (!event) return;
    oom_ = std::make_unique<Event>(reactor_, std::move(event), [self = weak_from_this()] {
        if (const auto one = self.lock(); one && one->alive_) one->die(Answer::Kind::OutOfMemory);
    });
}

void Environment::die_of(const protocol::ExitReport& report) {
    if (!alive_) return;
    if (ran_out_of_memory() || slot_->oom_kills() > 0) return die(Answer::Kind::OutOfMemory);
    die(Answer::Kind::Exited, report.status);
}

void Environment::on_exit(const protocol::ExitReport& report) {
    if (slot_->is_executor() && report.pid == pid_) die_of(report);
}

void Environment::on_death() {
    if (!alive_) return;
    die(slot_->oom_kills() > 0 ? Answer::Kind::OutOfMemory : Answer::Kind::Exited, SIGKILL);
}

std::unique_ptr<Slot> Environment::end() {
    timer_.cancel();
    deadline_.stop();
    long_call_.end();
    if (slot_ == nullptr) return nullptr;
    if (std::exchange(alive_, false)) warden_.kill(slot_->id());
    slot_->listen(nullptr);
    let_go();
    on_death_ = nullptr;
    out_.reset();
    err_.reset();
    oom_.reset();
    return std::move(slot_);
}

}  // namespace hotcell::environment
