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
constexpr Nanos kWordPatience = std::chrono::milliseconds(50);  // from the channel's end to the word of the process's
constexpr int kPiecesAtOnce = 4;

Error failed_error(const hc_failed& failed) {
    return Error{ErrorKind::Broken,
                 failed.sys,
                 std::string("start the runtime: ") + protocol::step_name(static_cast<std::uint16_t>(failed.step)),
                 {}};
}

}  // namespace

/// One of the two pipes a slot writes to: what comes is added to the log of the call, up to its cap.
class Environment::Log {
public:
    Log(Environment& owner, linux::UniqueFd fd) : owner_(owner), watch_(owner.reactor_, std::move(fd)) { wait(); }

    void drain(int pieces) {
        char piece[65536];
        for (int i = 0; open_ && i < pieces; ++i) {
            const long n = linux::read_some(watch_.fd(), piece, sizeof piece);
            if (n == -EAGAIN) return;
            if (n <= 0) {
                open_ = false;
                return;
            }
            keep({piece, static_cast<std::size_t>(n)});
        }
    }

private:
    void wait() {
        watch_.when_readable([this] {
            drain(kPiecesAtOnce);
            if (open_) wait();
        });
    }
    void keep(std::string_view bytes) {
        const std::size_t room =
            owner_.setup_.most_log.count - std::min<std::size_t>(owner_.setup_.most_log.count, owner_.log_.size());
        if (bytes.size() > room) owner_.log_truncated_ = true;
        owner_.log_.append(bytes.substr(0, room));
    }

    Environment& owner_;
    Watch watch_;
    bool open_ = true;
};

Environment::Environment(Reactor& reactor, WardenClient& warden, std::unique_ptr<Slot> slot, EnvironmentSetup setup)
    : reactor_(reactor), warden_(warden), slot_(std::move(slot)), setup_(std::move(setup)), timer_(reactor) {}

Environment::~Environment() = default;

void Environment::start(OnStarted done) {
    on_started_ = std::move(done);
    slot_->listen(this);
    timer_.start(kStartPatience, [self = weak_from_this()] {
        if (const auto one = self.lock())
            one->fail_start(Error{ErrorKind::Broken, ETIMEDOUT, "start the runtime: the sandbox did not answer", {}});
    });
    if (slot_->is_dead()) return fail_start(Error{ErrorKind::Broken, 0, "the sandbox has ended before its start", {}});
    if (auto set = slot_->set_memory_limit(setup_.memory, setup_.memory_as_built); !set)
        return fail_start(std::move(set).error());
    out_ = std::make_unique<Log>(*this, slot_->take(FdRole::Stdout));
    err_ = std::make_unique<Log>(*this, slot_->take(FdRole::Stderr));
    (void)slot_->take(FdRole::Stdin);  // functions read nothing: they see its end
    watch_memory();
    warden_.attach(slot_->id(), setup_.code_name, [self = weak_from_this()](Result<Nanos> attached) {
        const auto one = self.lock();
        if (!one || !one->on_started_) return;
        if (!attached) return one->fail_start(std::move(attached).error());
        one->start_parts_.push_back({"code.attach", *attached});
        one->attached_ns_ = monotonic_ns();
        one->load_when_ready();
    });
    if (!slot_->is_executor()) return fork_child();
    pid_ = slot_->child_pid();
    if (!setup_.shim.empty()) return exec_shim();
    ready_ = true;
}

void Environment::fork_child() {
    nonce_ = slot_->id();
    slot_->domain()->fork(slot_->id(), nonce_, [self = weak_from_this()](Result<hc_forked> forked) {
        const auto one = self.lock();
        if (!one || !one->alive_) return;
        if (!forked) return one->fail_start(std::move(forked).error());
        one->pid_ = static_cast<std::uint32_t>(forked->pid);
        one->start_parts_.push_back({"runtime.enter-slot", Nanos(forked->entered_ns - forked->received_ns)});
        one->start_parts_.push_back({"runtime.fork", Nanos(forked->forked_ns - forked->entered_ns)});
        one->slot_->domain()->expect_exit(one->pid_, [self](const protocol::ExitReport& report) {
            if (const auto still = self.lock()) still->process_ended(report);
        });
    });
}

void Environment::exec_shim() {
    auto frame = encode_run(slot_->id(), setup_.shim, setup_.shim_environment, true);
    if (!frame) return fail_start(std::move(frame).error());
    readies_ = slot_->ready() ? 1 : 2;  // the waiting child's own, where it has not come yet, and the shim's
    slot_->send(std::move(*frame));
}

void Environment::on_ready(const hc_ready& ready) {
    if (!on_started_ || ready_ || ready.nonce != nonce_ || --readies_ > 0) return;
    ready_ = true;
    load_when_ready();
}

void Environment::load_when_ready() {
    if (attached_ns_ == 0 || !ready_ || !on_started_) return;
    timer_.cancel();
    slot_->allow_answers(static_cast<std::uint32_t>(setup_.most_result.count));
    slot_->send(encode_load(setup_.load));
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

void Environment::call(std::uint32_t kind, std::string_view context, std::string_view event, Nanos timeout,
                       OnAnswer done) {
    const std::uint64_t request = next_request_++;
    pending_ = Pending{request, std::move(done), monotonic_ns()};
    log_.clear();
    log_truncated_ = false;
    timer_.start(timeout, [self = weak_from_this()] {
        if (const auto one = self.lock(); one && one->pending_) one->die(Answer::Kind::TimedOut);
    });
    if (!alive_)
        return reactor_.post([self = shared_from_this()] {
            if (self->pending_) self->die(Answer::Kind::Broken);
        });
    if (std::exchange(frozen_, false)) (void)slot_->freeze(false);
    slot_->send(encode_invoke(request, kind, context, event));
}

void Environment::freeze() {
    if (!alive_ || pending_ || frozen_) return;
    frozen_ = slot_->freeze(true);
}

void Environment::on_answer(ProgramFrame frame) {
    if (!pending_ || frame.request != pending_->request) return die(Answer::Kind::Broken);  // nobody asked
    if (ran_out_of_memory()) return die(Answer::Kind::OutOfMemory);
    Answer answer;
    answer.kind = frame.type == HC_FRAME_RESULT     ? Answer::Kind::Result
                  : (frame.flags & HC_HANDLED) != 0 ? Answer::Kind::HandledError
                                                    : Answer::Kind::Error;
    answer.payload = std::move(frame.payload);
    finish(std::move(answer));
}

void Environment::finish(Answer answer) {
    timer_.cancel();
    const Pending call = std::move(*std::exchange(pending_, std::nullopt));
    answer.took = Nanos(monotonic_ns() - call.begun_ns);
    if (out_) out_->drain(kPiecesAtOnce);
    if (err_) err_->drain(kPiecesAtOnce);
    answer.log = std::exchange(log_, {});
    answer.log_truncated = log_truncated_;
    answer.peak_memory = slot_->peak_memory();
    const auto self = shared_from_this();
    call.done(std::move(answer));
}

void Environment::die(Answer::Kind kind, int status) {
    if (on_started_) return fail_start(Error{ErrorKind::Broken, 0, "start the runtime: its process has ended", {}});
    const auto self = shared_from_this();
    if (std::exchange(alive_, false)) warden_.kill(slot_->id());
    if (!pending_) {
        if (auto callback = std::exchange(on_death_, nullptr)) reactor_.post(std::move(callback));
        return;
    }
    Answer answer;
    answer.kind = kind;
    answer.status = status;
    finish(std::move(answer));
}

bool Environment::ran_out_of_memory() {
    std::uint64_t times = 0;
    return oom_ && linux::read_some(oom_->fd(), reinterpret_cast<char*>(&times), sizeof times) > 0;
}

void Environment::watch_memory() {
    linux::UniqueFd event = slot_->take(FdRole::OomEvent);
    if (!event) return;
    oom_ = std::make_unique<Watch>(reactor_, std::move(event));
    oom_->when_readable([self = weak_from_this()] {
        if (const auto one = self.lock(); one && one->alive_) one->die(Answer::Kind::OutOfMemory);
    });
}

void Environment::process_ended(const protocol::ExitReport& report) {
    if (!alive_) return;
    slot_->drain_channel();  // what it said before its end
    if (!alive_) return;
    if (ran_out_of_memory() || slot_->oom_kills() > 0) return die(Answer::Kind::OutOfMemory);
    die(Answer::Kind::Exited, report.status);
}

void Environment::on_failed(const hc_failed& failed) {
    if (on_started_) return fail_start(failed_error(failed));
    die(Answer::Kind::Broken);
}

void Environment::on_channel_end() {
    if (!alive_) return;
    if (slot_->answer_was_too_large()) return die(Answer::Kind::TooLarge);
    // the word of its process's end says more; a process that has only closed its channel has none
    timer_.start(kWordPatience, [self = weak_from_this()] {
        const auto one = self.lock();
        if (one && one->alive_)
            one->die(one->slot_->oom_kills() > 0 ? Answer::Kind::OutOfMemory : Answer::Kind::Broken);
    });
}

void Environment::on_exit(const protocol::ExitReport& report) {
    if (slot_->is_executor() && report.pid == pid_) process_ended(report);
}

void Environment::on_death() {
    if (!alive_) return;
    die(slot_->oom_kills() > 0 ? Answer::Kind::OutOfMemory : Answer::Kind::Exited, SIGKILL);
}

std::unique_ptr<Slot> Environment::end() {
    timer_.cancel();
    if (slot_ == nullptr) return nullptr;
    if (std::exchange(alive_, false)) warden_.kill(slot_->id());
    slot_->listen(nullptr);
    if (!slot_->is_executor() && pid_ != 0) slot_->domain()->forget_exit(pid_);
    on_death_ = nullptr;
    out_.reset();
    err_.reset();
    oom_.reset();
    return std::move(slot_);
}

ShimBoot::ShimBoot(Reactor& reactor, std::unique_ptr<Slot> slot, OnBooted done)
    : reactor_(reactor), slot_(std::move(slot)), done_(std::move(done)), timer_(reactor) {}

void ShimBoot::begin(const std::vector<std::string>& argv, const std::vector<std::string>& environment) {
    auto frame = encode_run(slot_->id(), argv, environment, true);
    if (!frame) return finish(std::unexpected(std::move(frame).error()));
    slot_->drain_channel();
    readies_ = slot_->ready() ? 1 : 2;  // the waiting child's own, where it has not come yet, and the shim's
    slot_->listen(this);
    timer_.start(kStartPatience,
                 [this] { finish(fail(ErrorKind::Broken, "boot the runtime: it did not say that it was ready")); });
    if (slot_->is_dead()) return finish(fail(ErrorKind::Broken, "boot the runtime: the sandbox has ended"));
    slot_->send(std::move(*frame));
}

std::unique_ptr<Slot> ShimBoot::give_up() {
    done_ = nullptr;
    timer_.cancel();
    if (slot_) slot_->listen(nullptr);
    return std::move(slot_);
}

void ShimBoot::finish(Result<> result) {
    if (!done_) return;
    timer_.cancel();
    slot_->listen(nullptr);
    // not from within the slot's own call
    reactor_.post(
        [done = std::exchange(done_, nullptr), result = std::move(result),
         slot = std::make_shared<std::unique_ptr<Slot>>(std::move(slot_))] { done(result, std::move(*slot)); });
}

void ShimBoot::on_ready(const hc_ready&) {
    if (--readies_ == 0) finish({});
}
void ShimBoot::on_failed(const hc_failed& failed) { finish(std::unexpected(failed_error(failed))); }
void ShimBoot::on_channel_end() { finish(fail(ErrorKind::Broken, "boot the runtime: it closed its channel")); }
void ShimBoot::on_exit(const protocol::ExitReport& report) {
    if (report.pid == slot_->child_pid()) finish(fail(ErrorKind::Broken, "boot the runtime: its process ended"));
}
void ShimBoot::on_death() { finish(fail(ErrorKind::Broken, "boot the runtime: its sandbox ended")); }

}  // namespace hotcell::environment
