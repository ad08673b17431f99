#include "engine/environment/channel/shim_environment.h"

#include <utility>

#include "engine/base/result.h"
#include "engine/environment/channel/http_head.h"
#include "engine/environment/runtime/documents.h"

namespace hotcell::environment {

namespace {

constexpr Nanos kBootPatience = std::chrono::seconds(10);
constexpr Nanos kWordPatience = std::chrono::milliseconds(80);  // from the channel's end to the word of the process's
// Pages are dear to get again (README, figures): a function that is called with large payloads now and then keeps them.
constexpr Nanos kPagesKept = std::chrono::seconds(5);

constexpr std::string_view kPhases[] = {"Invoke", "Initialize", "PreFreeze", "PreStop", "Invoke"};  // by kind of call

Error failed_error(const hc_failed& failed) {
    return Error{ErrorKind::Broken,
                 failed.sys,
                 std::string("start the runtime: ") + protocol::step_name(static_cast<std::uint16_t>(failed.step)),
                 {}};
}

}  // namespace

ShimEnvironment::ShimEnvironment(Reactor& reactor, WardenClient& warden, std::unique_ptr<Slot> slot,
                                 EnvironmentSetup setup, ShimSetup shim)
    : Environment(reactor, warden, std::move(slot), std::move(setup)), shim_(std::move(shim)), idle_(reactor) {}

void ShimEnvironment::bring_up() {
    if (!slot_->is_executor()) return fork_child();
    pid_ = slot_->child_pid();
    if (!shim_.shim.empty()) return exec_shim();
    ready_ = true;
}

bool ShimEnvironment::become_shim() {
    auto became = slot_->become_shim(shim_.shared_memory.has_value());
    if (!became) fail_start(std::move(became).error());
    return became.has_value();
}

void ShimEnvironment::fork_child() {
    if (!become_shim()) return;
    nonce_ = slot_->id();
    slot_->domain()->fork(slot_->id(), nonce_, [self = weak_from_this(), this](Result<hc_forked> forked) {
        const auto one = self.lock();
        if (!one || !alive_) return;
        if (!forked) return fail_start(std::move(forked).error());
        pid_ = static_cast<std::uint32_t>(forked->pid);
        start_parts_.push_back({"runtime.enter-slot", Nanos(forked->entered_ns - forked->received_ns)});
        start_parts_.push_back({"runtime.fork", Nanos(forked->forked_ns - forked->entered_ns)});
        slot_->domain()->expect_exit(pid_, [self, this](const protocol::ExitReport& report) {
            if (const auto still = self.lock()) process_ended(report);
        });
    });
}

void ShimEnvironment::exec_shim() {
    auto frame = encode_run(slot_->id(), shim_.shim, shim_.shim_environment);
    if (!frame) return fail_start(std::move(frame).error());
    readies_ = slot_->ready() ? 1 : 2;  // the waiting child's own, where it has not come yet, and the shim's
    if (!become_shim()) return;
    slot_->send(std::move(*frame));
}

void ShimEnvironment::on_ready(const hc_ready& ready) {
    if (alive_ && !is_starting()) return die(Answer::Kind::Broken);  // said by user code
    if (ready_ || ready.nonce != nonce_ || --readies_ > 0) return;
    ready_ = true;
    load_when_ready();
}

void ShimEnvironment::load_when_ready() {
    if (attached_ns_ == 0 || !ready_ || !is_starting()) return;
    slot_->allow_answers(
        static_cast<std::uint32_t>(setup_.most_result.count + sizeof(hc_http_head) + kMostHttpDocument));
    slot_->send(encode_load(shim_.load));
    started();
}

void ShimEnvironment::put(std::uint64_t number, const CallInput& input) {
    std::string context = call_context({input.request_id, input.qualifier, input.deadline_ms, input.retry_count});
    calling_ = true;
    kind_ = input.kind;
    request_id_ = input.request_id;
    if (!std::exchange(called_, true)) say("FunctionCompute " + shim_.runtime + " runtime inited.");
    say_of_call("Start", {});
    calls_http_ = input.http != nullptr;
    if (calls_http_) {
        context.pop_back();  // the object's end
        context += encode_http(*input.http) + "}";
    }
    if (goes_through_memory(input.event)) {
        keep_pages();
        if (const auto where = slot_->shared_memory()->put(input.event))
            return slot_->send(encode_invoke(number, input.kind, context, *where));
    }
    slot_->send(encode_invoke(number, input.kind, context, input.event));
}

/// As Function Compute's runtimes say it of each call.
void ShimEnvironment::say_of_call(std::string_view what, std::string_view remark) {
    std::string line;
    line.reserve(128);
    line.append("FC ").append(kPhases[kind_]).append(" ").append(what);
    line.append(" RequestId: ").append(request_id_).append(remark);
    say(line);
}

void ShimEnvironment::has_answered(const Answer& answer) {
    if (answer.kind > Answer::Kind::Error) return;
    say_of_call("End", answer.kind == Answer::Kind::Result         ? ""
                       : answer.kind == Answer::Kind::HandledError ? ", Error: Handled function error"
                                                                   : ", Error: Unhandled function error");
}

bool ShimEnvironment::goes_through_memory(std::string_view event) const {
    return shim_.shared_memory && shim_.shared_memory->events_from &&
           event.size() >= shim_.shared_memory->events_from->count && slot_->shared_memory() != nullptr;
}

/// For a while from now on, and never away from under a call.
void ShimEnvironment::keep_pages() {
    idle_.start(kPagesKept, [self = weak_from_this(), this] {
        const auto one = self.lock();
        if (!one || !alive_) return;
        if (calling_) return keep_pages();
        slot_->shared_memory()->release_pages();
    });
}

void ShimEnvironment::on_answer(ProgramFrame frame) {
    if (!is_pending(frame.request)) return die(Answer::Kind::Broken);  // nobody asked
    Answer given;
    given.kind = frame.type == HC_FRAME_RESULT     ? Answer::Kind::Result
                 : (frame.flags & HC_HANDLED) != 0 ? Answer::Kind::HandledError
                                                   : Answer::Kind::Error;
    given.is_last = is_last_ = (frame.flags & HC_LAST) != 0;
    const bool has_head = frame.type == HC_FRAME_RESULT && (frame.flags & HC_HTTP_HEAD) != 0;
    given.payload = std::move(frame.payload);
    calling_ = false;
    if (frame.shared) {
        keep_pages();
        auto payload = slot_->shared_memory()->take(*frame.shared);
        if (!payload) return die(Answer::Kind::Broken);
        given.payload = std::move(*payload);
    }
    if (has_head && !calls_http_) return die(Answer::Kind::Broken);
    if (calls_http_ && frame.type == HC_FRAME_RESULT) take_head(given, has_head);
    if (given.payload.size() > setup_.most_result.count) return die(Answer::Kind::TooLarge);
    answer(frame.request, std::move(given));
}

/// What is no head is the function's error: the environment lives on, its program has said nothing that it may not.
void ShimEnvironment::take_head(Answer& given, bool has_head) {
    if (!has_head) given.payload.clear();
    auto head = take_http_head(given.payload);
    if (head) {
        given.http = std::move(*head);
        return;
    }
    given.kind = Answer::Kind::Error;
    given.payload = error_document(head.error().doing, head.error().code);
}

void ShimEnvironment::process_ended(const protocol::ExitReport& report) {
    if (!alive_) return;
    slot_->drain_channel();  // what it said before its end
    die_of(report);
}

void ShimEnvironment::on_failed(const hc_failed& failed) {
    if (is_starting()) return fail_start(failed_error(failed));
    die(Answer::Kind::Broken);
}

void ShimEnvironment::on_channel_end() {
    if (!alive_) return;
    if (slot_->answer_was_too_large()) return die(Answer::Kind::TooLarge);
    // the word of its process's end says more; a process that has only closed its channel has none
    timer_.start(kWordPatience, [self = weak_from_this(), this] {
        const auto one = self.lock();
        if (one && alive_) die(slot_->oom_kills() > 0 ? Answer::Kind::OutOfMemory : Answer::Kind::Broken);
    });
}

void ShimEnvironment::on_exit(const protocol::ExitReport& report) {
    if (slot_->is_executor() && report.pid == pid_) process_ended(report);
}

void ShimEnvironment::let_go() {
    if (!slot_->is_executor() && pid_ != 0) slot_->domain()->forget_exit(pid_);
}

ShimBoot::ShimBoot(Reactor& reactor, std::unique_ptr<Slot> slot, OnBooted done)
    : reactor_(reactor), slot_(std::move(slot)), done_(std::move(done)), timer_(reactor) {}

void ShimBoot::begin(const std::vector<std::string>& argv, const std::vector<std::string>& environment,
                     bool shares_memory) {
    auto frame = encode_run(slot_->id(), argv, environment);
    if (!frame) return finish(std::unexpected(std::move(frame).error()));
    slot_->drain_channel();
    if (auto became = slot_->become_shim(shares_memory); !became)
        return finish(std::unexpected(std::move(became).error()));
    readies_ = slot_->ready() ? 1 : 2;  // the waiting child's own, where it has not come yet, and the shim's
    slot_->listen(this);
    timer_.start(kBootPatience,
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
