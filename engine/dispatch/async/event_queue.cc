#include "engine/dispatch/async/event_queue.h"

#include <algorithm>

#include "engine/catalog/rules/destination.h"
#include "engine/dispatch/async/destination_payload.h"
#include "engine/dispatch/async/http_call.h"
#include "engine/dispatch/async/outcome.h"

namespace hotcell::dispatch::async {

namespace {

constexpr std::size_t kMostPendingBytes = 64 << 20;  // of changes that wait for the next turn
constexpr std::int64_t kSickMs = 1000;
constexpr std::int64_t kForgetEveryMs = 60'000;
constexpr std::uint32_t kForgetAtOnce = 2000;

Error refuse(ErrorKind kind, std::string words, std::string code, std::string hint = {}) {
    return {kind, 0, std::move(words), std::move(hint), std::move(code)};
}

Error closing() { return refuse(ErrorKind::Exhausted, "the engine is draining: no new calls", "ResourceExhausted"); }

Error unknown(const FunctionReference& of, const std::string& id) {
    return refuse(ErrorKind::NotFound,
                  "stateful asynchronous invocation '" + id + "' of function '" + of.function + "' does not exist",
                  "StatefulAsyncInvocationNotFound");
}

RetryRules rules_of(const AsyncConfig& config) { return {config.most_retries, config.most_age_s}; }

}  // namespace

struct EventQueue::Turn {
    Instant now;
    std::vector<std::function<void()>> then{};       // once it is on the disk
    std::map<std::int64_t, std::int64_t> running{};  // change of attempts, by lane
    std::int64_t all_running = 0;
};

Result<std::unique_ptr<EventQueue>> EventQueue::open(const std::string& path, const QueueLimits& limits) {
    QueueStore store = TRY(QueueStore::open(path));
    const auto clock = TRY(store.read_clock());
    auto queue = std::unique_ptr<EventQueue>(new EventQueue(std::move(store), limits, clock));
    TRY(queue->reload());
    queue->publish();
    return queue;
}

void EventQueue::begin(QueueParts parts) {
    parts_ = std::move(parts);
    clock_.emplace(parts_.clock, saved_clock_);
}

/// What is in memory of what is on the disk, anew: at the start, and after a transaction that failed.
Result<> EventQueue::reload() {
    auto rows = TRY(store_.read_lanes());
    kept_ = TRY(store_.read_kept());
    std::map<std::int64_t, Lane> lanes;
    lane_ids_.clear();
    waiting_ = waiting_bytes_ = 0;
    for (LaneRow& row : rows) {
        lane_ids_[{row.service, row.function}] = row.id;
        lanes[row.id] = {row.waiting, row.next_due_ms, 0};
        waiting_ += row.waiting;
        waiting_bytes_ += row.bytes;
    }
    for (const auto& [number, one] : running_) ++lanes[one.call.lane].running;
    lanes_ = std::move(lanes);
    return {};
}

/// Attempts that an earlier life had begun and not ended: at least once, and counted.
Result<> EventQueue::recover(Turn& turn) {
    for (auto& [call, status] : TRY(store_.interrupted())) {
        call.lane = TRY(lane_of(call.of.service, call.of.function));
        if (status == Status::Stopping) {
            TRY(finish(turn, call, Status::Stopped, saying("stopped"), {}));
            continue;
        }
        turn.then.push_back([this, of = call.of] { count(of, Happening::Duplicate); });
        TRY(put_back(turn, std::move(call), turn.now.queue_ms, saying("the engine ended during the attempt")));
    }
    turn.then.push_back([this] { recovered_ = true; });
    return {};
}

// ---- from outside -----------------------------------------------------------------------------------------------------

void EventQueue::ask(Change change) {
    {
        const std::scoped_lock lock(mutex_);
        if (change_bytes_ + change.bytes <= kMostPendingBytes) {
            change_bytes_ += change.bytes;
            changes_.push_back(std::move(change));
            change.fail = nullptr;
        }
    }
    if (!change.fail) return wake();
    change.fail(refuse(ErrorKind::Exhausted, "events of asynchronous calls come in faster than they can be written",
                       "ResourceExhausted", "try again later"));
}

void EventQueue::read(std::function<void()> work) {
    {
        const std::scoped_lock lock(mutex_);
        reads_.push_back(std::move(work));
    }
    wake();
}

void EventQueue::wake() {
    {
        const std::scoped_lock lock(mutex_);
        if (std::exchange(woken_, true)) return;
    }
    parts_.wake();
}

void EventQueue::enqueue(AsyncRequest request, bool stateful, Done<AsyncAccepted> done) {
    auto call = std::make_shared<Call>();
    InvokeRequest& what = request.call;
    call->of = {std::move(what.service), std::move(what.qualifier), std::move(what.function)};
    call->request_id = std::move(what.request_id);
    call->invocation_id = request.invocation_id.empty() ? call->request_id : std::move(request.invocation_id);
    call->stateful = stateful;
    call->due_ms = std::int64_t{request.delay_s} * 1000;  // from when it is accepted
    call->event = std::move(what.event);
    if (what.http) call->http = encode_http(*what.http);
    const std::size_t bytes = call->bytes() + sizeof(Call);
    ask({[this, call, done](Turn& turn) { return insert(turn, *call, done); },
         [done](const Error& error) { done(std::unexpected(error)); }, bytes});
}

void EventQueue::stop(FunctionReference of, std::string invocation_id, Done<> done) {
    ask({[this, of = std::move(of), id = std::move(invocation_id), done](Turn& turn) {
             return stop_one(turn, of, id, done);
         },
         [done](const Error& error) { done(std::unexpected(error)); }, sizeof(Call)});
}

void EventQueue::get(FunctionReference of, std::string invocation_id, Done<AsyncRecord> done) {
    read([this, of = std::move(of), id = std::move(invocation_id), done = std::move(done)] {
        auto found = store_.record(of, id);
        if (!found) return done(std::unexpected(std::move(found).error()));
        if (!*found) return done(std::unexpected(unknown(of, id)));
        done(std::move(**found));
    });
}

void EventQueue::list(FunctionReference of, AsyncListRequest request, Done<Page<AsyncRecord>> done) {
    read([this, of = std::move(of), request = std::move(request), done = std::move(done)] {
        done(store_.list(of, request));
    });
}

void EventQueue::close() {
    {
        const std::scoped_lock lock(mutex_);
        closed_ = true;
    }
    wake();
}

QueueState EventQueue::state() const {
    const std::scoped_lock lock(mutex_);
    return state_;
}

void EventQueue::count(const FunctionReference& of, Happening happening, double seconds) const {
    parts_.count(of.service, of.function, happening, seconds);
}

// ---- one turn ---------------------------------------------------------------------------------------------------------

void EventQueue::turn() {
    std::vector<Change> changes;
    std::vector<std::function<void()>> reads;
    {
        const std::scoped_lock lock(mutex_);
        woken_ = false;
        change_bytes_ = 0;
        changes.swap(changes_);
        reads.swap(reads_);
        for (Ended& one : ended_) unsaved_.push_back(std::move(one));
        ended_.clear();
        closing_ = closed_;
    }
    Turn turn{clock_->now()};
    if (sick_ && turn.now.queue_ms < sick_until_ms_) {
        for (const Change& change : changes) change.fail(*sick_);
    } else if (auto written = write(turn, changes); written) {
        sick_.reset();
        unsaved_.clear();
        for (const auto& [lane, change] : turn.running) lanes_[lane].running += static_cast<std::uint32_t>(change);
        for (const auto& then : turn.then) then();
    } else {
        fall_sick(turn.now, written.error());
        for (const Change& change : changes) change.fail(written.error());
    }
    for (const auto& work : reads) work();
    publish();
    schedule(turn.now);
}

/// One transaction of everything, or nothing of it.
Result<> EventQueue::write(Turn& turn, const std::vector<Change>& changes) {
    if (recovered_ && unsaved_.empty() && changes.empty() && !is_something_due(turn.now)) return {};
    return store_.transact([&]() -> Result<> {
        if (!recovered_) TRY(recover(turn));
        for (const Ended& one : unsaved_) TRY(settle(turn, one));
        for (const Change& change : changes) TRY(change.apply(turn));
        TRY(take_due(turn));
        TRY(forget_old(turn));
        return store_.write_clock(QueueClock::saved(turn.now));
    });
}

void EventQueue::fall_sick(const Instant& now, const Error& error) {
    if (!sick_) parts_.log("asynchronous calls: " + error.message() + "; tried again every second");
    sick_ = error;
    sick_until_ms_ = now.queue_ms + kSickMs;
    if (auto reloaded = reload(); !reloaded) parts_.log("asynchronous calls: " + reloaded.error().message());
}

bool EventQueue::is_something_due(const Instant& now) const {
    if (forget_at_ms_ <= now.queue_ms) return true;
    return !closing_ && std::ranges::any_of(lanes_, [&](const auto& one) {
        return one.second.waiting > 0 && one.second.next_due_ms <= now.queue_ms;
    });
}

void EventQueue::publish() {
    const std::scoped_lock lock(mutex_);
    state_ = {waiting_, waiting_bytes_, running_.size(), kept_.count};
}

void EventQueue::schedule(const Instant& now) {
    if (sick_) return parts_.wake_in(std::max<std::int64_t>(sick_until_ms_ - now.queue_ms, 1));
    std::int64_t next = forget_at_ms_;
    const bool room = running_.size() < limits_.most_running && !closing_;
    for (const auto& [id, lane] : lanes_)
        if (room && lane.waiting > 0 && lane.running < limits_.most_running_of_function)
            next = std::min(next, lane.next_due_ms);
    parts_.wake_in(std::clamp<std::int64_t>(next - now.queue_ms, 0, kForgetEveryMs));
}

Result<std::int64_t> EventQueue::lane_of(const std::string& service, const std::string& function) {
    const auto known = lane_ids_.find({service, function});
    if (known != lane_ids_.end()) return known->second;
    const std::int64_t id = TRY(store_.lane_of(service, function));
    lane_ids_[{service, function}] = id;
    lanes_.try_emplace(id);
    return id;
}

// ---- what comes in ----------------------------------------------------------------------------------------------------

Result<> EventQueue::refuse_when_full(const Call& call) const {
    const std::uint64_t waiting = waiting_ + running_.size();
    const Lane& lane = lanes_.at(call.lane);
    const auto full = [](const std::string& what, std::uint64_t is, std::uint64_t most) {
        return std::unexpected(refuse(ErrorKind::Exhausted,
                                      "asynchronous calls that wait" + what + ": " + std::to_string(is) + ", at most " +
                                          std::to_string(most) + " may",
                                      "ResourceExhausted", "try again later"));
    };
    if (waiting >= limits_.most_waiting) return full("", waiting, limits_.most_waiting);
    if (waiting_bytes_ + call.bytes() > limits_.most_bytes)
        return full(", bytes of their events", waiting_bytes_, limits_.most_bytes);
    // no function fills the queue for all
    if (lane.waiting + lane.running >= (limits_.most_waiting + 1) / 2)
        return full(" of function '" + call.of.function + "'", lane.waiting + lane.running,
                    (limits_.most_waiting + 1) / 2);
    return {};
}

/// Refusals are answers, too: they are given when the turn is over. What fails here is the disk.
Result<> EventQueue::insert(Turn& turn, Call call, const Done<AsyncAccepted>& done) {
    const auto answer = [&](Result<AsyncAccepted> result) {
        if (!result) turn.then.push_back([this, of = call.of] { count(of, Happening::Refused); });
        turn.then.push_back([done, result = std::move(result)] { done(result); });
        return Result<>();
    };
    if (closing_) return answer(std::unexpected(closing()));
    call.lane = TRY(lane_of(call.of.service, call.of.function));
    if (auto room = refuse_when_full(call); !room) return answer(std::unexpected(room.error()));
    if (call.stateful && TRY(store_.find(call.of, call.invocation_id)))
        return answer(std::unexpected(refuse(ErrorKind::Conflict,
                                             "stateful asynchronous invocation '" + call.invocation_id +
                                                 "' of function '" + call.of.function + "' already exists",
                                             "StatefulAsyncInvocationAlreadyExists")));
    call.due_ms += turn.now.queue_ms;
    TRY(add(turn, call));
    return answer(AsyncAccepted{call.request_id, call.invocation_id});
}

Result<> EventQueue::add(Turn& turn, Call& call) {
    call.accepted_ms = call.due_ms;  // a delay does not make it old
    TRY(store_.insert(call, turn.now));
    waits(call);
    turn.then.push_back([this, of = call.of] { count(of, Happening::Enqueued); });
    return {};
}

Result<> EventQueue::stop_one(Turn& turn, const FunctionReference& of, const std::string& id, const Done<>& done) {
    const auto answer = [&](Result<> result) {
        turn.then.push_back([done, result = std::move(result)] { done(result); });
        return Result<>();
    };
    auto found = TRY(store_.find(of, id));
    if (!found) return answer(std::unexpected(unknown(of, id)));
    auto& [call, status] = *found;
    switch (status) {
        case Status::Stopping: return answer({});
        case Status::Enqueued:
        case Status::Retrying:
            waits_no_more(call);
            TRY(finish(turn, call, Status::Stopped, saying("stopped"), {}));
            return answer({});
        case Status::Dequeued:
        case Status::Running: break;
        default:
            return answer(std::unexpected(refuse(
                ErrorKind::InvalidArgument,
                "stateful asynchronous invocation '" + id + "' has ended already: " + std::string(name_of(status)),
                "InvalidArgument")));
    }
    TRY(store_.set_stopping(call, turn.now));
    turn.then.push_back([this, number = call.number, request_id = call.request_id] {
        const auto running = running_.find(number);
        if (running != running_.end()) running->second.stopping = true;
        parts_.cancel(request_id);
    });
    return answer({});
}

void EventQueue::waits(const Call& call) {
    Lane& lane = lanes_[call.lane];
    lane.next_due_ms = lane.waiting == 0 ? call.due_ms : std::min(lane.next_due_ms, call.due_ms);
    ++lane.waiting;
    ++waiting_;
    waiting_bytes_ += call.bytes();
}

void EventQueue::waits_no_more(const Call& call) {
    --lanes_[call.lane].waiting;
    --waiting_;
    waiting_bytes_ -= call.bytes();
}

// ---- what has ended ---------------------------------------------------------------------------------------------------

void EventQueue::ended(std::int64_t number, Result<InvokeReport> result) {
    {
        const std::scoped_lock lock(mutex_);
        ended_.push_back({number, outcome_of(std::move(result))});
    }
    wake();
}

Result<> EventQueue::settle(Turn& turn, const Ended& ended) {
    const Running& running = running_.at(ended.number);
    Call call = running.call;
    const Outcome& outcome = ended.outcome;
    --turn.running[call.lane];
    --turn.all_running;
    turn.then.push_back([this, number = ended.number] { running_.erase(number); });
    const bool succeeded = outcome.ending == Ending::Succeeded;
    const AsyncConfig config = parts_.config(call.of);
    if (running.stopping && !succeeded) return finish(turn, call, Status::Stopped, saying("stopped"), config);
    const Ending ending = closing_ && !succeeded ? Ending::CutShort : outcome.ending;
    if (ending == Ending::FunctionError) ++call.tries.function_errors;
    if (ending == Ending::NoRoom) ++call.tries.system_errors;
    const Verdict verdict = after_attempt(ending, call.tries, call.accepted_ms, turn.now.queue_ms, rules_of(config));
    switch (verdict.kind) {
        case Verdict::Kind::Succeed: return finish(turn, call, Status::Succeeded, outcome, config);
        case Verdict::Kind::Fail: return finish(turn, call, Status::Failed, outcome, config);
        case Verdict::Kind::Expire: return finish(turn, call, Status::Expired, outcome, config);
        case Verdict::Kind::Retry: break;
    }
    turn.then.push_back([this, of = call.of] { count(of, Happening::Retried); });
    return put_back(turn, std::move(call), verdict.due_ms, outcome);
}

Result<> EventQueue::put_back(Turn& turn, Call call, std::int64_t due_ms, const Outcome& outcome) {
    call.due_ms = due_ms;
    waits(call);
    return store_.put_back(call, turn.now, outcome.message);
}

/// The end of a call and what its destination is told are one transaction.
Result<> EventQueue::finish(Turn& turn, const Call& call, Status status, const Outcome& outcome,
                            const AsyncConfig& config) {
    const bool succeeded = status == Status::Succeeded;
    std::string told;
    if (const std::string& arn = succeeded ? config.on_success : config.on_failure;
        status != Status::Stopped && !arn.empty())
        told = TRY(tell_destination(turn, call, outcome, arn));
    TRY(store_.end(call, status, outcome, told, turn.now));
    if (call.stateful) ++kept_.count, kept_.bytes += call.bytes() + outcome.payload.size();
    const Happening happening = succeeded                   ? Happening::Succeeded
                                : status == Status::Failed  ? Happening::Failed
                                : status == Status::Expired ? Happening::Expired
                                                            : Happening::Stopped;
    turn.then.push_back([this, of = call.of, happening] { count(of, happening); });
    return {};
}

/// What becomes of it, as the record says.
Result<std::string> EventQueue::tell_destination(Turn& turn, const Call& call, const Outcome& outcome,
                                                 const std::string& arn) {
    Call told;
    std::string wrong;
    auto destination = catalog::parse_destination(arn);
    if (!destination)
        wrong = destination.error().doing;
    else
        told.event = destination_payload(call, outcome, turn.now.wall_ms);
    if (told.event.size() > kMostEvent)
        wrong = "payload size exceeds maximum allowed size (" + std::to_string(kMostEvent) + " bytes)";
    if (call.hops + 1 > limits_.most_hops)
        wrong = "the event has passed " + std::to_string(call.hops) + " destinations already: a circle is ended here";
    turn.then.push_back([this, of = call.of, good = wrong.empty()] {
        count(of, good ? Happening::DestinationSucceeded : Happening::DestinationFailed);
    });
    if (!wrong.empty()) return "Failed: " + wrong;
    told.of = *destination;
    told.request_id = told.invocation_id = parts_.new_id();
    told.stateful = parts_.config(told.of).stateful;
    told.hops = call.hops + 1;
    told.due_ms = turn.now.queue_ms;
    told.lane = TRY(lane_of(told.of.service, told.of.function));
    TRY(add(turn, told));
    return std::string("Succeeded");
}

// ---- what is due ------------------------------------------------------------------------------------------------------

/// Lanes take turns, and no lane more than its share of what is free: one that is slow or fails holds up no other.
Result<> EventQueue::take_due(Turn& turn) {
    if (closing_) return {};
    std::vector<std::int64_t> ready;
    for (const auto& [id, lane] : lanes_)
        if (lane.waiting > 0 && lane.next_due_ms <= turn.now.queue_ms) ready.push_back(id);
    std::ranges::rotate(ready, std::ranges::upper_bound(ready, last_lane_));
    while (!ready.empty()) {
        const std::int64_t free = static_cast<std::int64_t>(limits_.most_running) -
                                  static_cast<std::int64_t>(running_.size()) - turn.all_running;
        if (free <= 0) return {};
        const auto share =
            static_cast<std::uint32_t>(std::max<std::int64_t>(free / static_cast<std::int64_t>(ready.size()), 1));
        std::vector<std::int64_t> still;
        for (const std::int64_t id : ready) {
            if (turn.all_running + static_cast<std::int64_t>(running_.size()) >= limits_.most_running) return {};
            last_lane_ = id;
            if (TRY(take_from(turn, id, share))) still.push_back(id);
        }
        ready = std::move(still);
    }
    return {};
}

/// True when the lane has more that is due and may run.
Result<bool> EventQueue::take_from(Turn& turn, std::int64_t id, std::uint32_t share) {
    const std::int64_t running = lanes_[id].running + turn.running[id];
    const std::int64_t free = std::min<std::int64_t>(share, limits_.most_running_of_function - running);
    if (free <= 0) return false;
    auto calls = TRY(store_.due(id, turn.now.queue_ms, static_cast<std::uint32_t>(free)));
    for (Call& call : calls) {
        waits_no_more(call);
        TRY(begin(turn, std::move(call)));
    }
    const auto next = TRY(store_.next_due(id));
    lanes_[id].next_due_ms = next.value_or(INT64_MAX);
    return next && *next <= turn.now.queue_ms && !calls.empty();
}

Result<> EventQueue::begin(Turn& turn, Call call) {
    const AsyncConfig config = parts_.config(call.of);
    if (is_expired(call.accepted_ms, turn.now.queue_ms, rules_of(config)))
        return finish(turn, call, Status::Expired, expired(config.most_age_s), config);
    const double late = static_cast<double>(turn.now.queue_ms - call.due_ms) / 1000;
    ++call.attempts;
    TRY(store_.begin_attempt(call, turn.now));
    ++turn.running[call.lane];
    ++turn.all_running;
    turn.then.push_back([this, late, call = std::move(call)]() mutable {
        count(call.of, Happening::Dequeued, late);
        launch(std::move(call));
    });
    return {};
}

void EventQueue::launch(Call call) {
    InvokeRequest request;
    request.service = call.of.service;
    request.qualifier = call.of.qualifier;
    request.function = call.of.function;
    request.event = call.event;
    request.request_id = call.request_id;
    request.retry_count = call.attempts - 1;
    const std::int64_t number = call.number;
    const bool is_http = !call.http.empty();
    Result<HttpCall> http = is_http ? decode_http(call.http) : HttpCall{};
    if (is_http && http) request.http = std::move(*http);
    running_.emplace(number, Running{std::move(call)});
    if (!http) return ended(number, std::unexpected(std::move(http).error()));
    parts_.invoke(std::move(request),
                  [this, number](Result<InvokeReport> result) { ended(number, std::move(result)); });
}

void EventQueue::forget_idle_lanes(const Turn& turn) {
    lane_ids_.clear();  // numbers of what is gone may be given anew
    std::erase_if(lanes_, [&](const auto& one) {
        return one.second.waiting == 0 && one.second.running == 0 && !turn.running.contains(one.first);
    });
}

/// What nobody needs to know any more: records that are old, and the oldest where there are too many.
Result<> EventQueue::forget_old(Turn& turn) {
    const bool crowded = kept_.count > limits_.most_records || kept_.bytes > limits_.most_record_bytes;
    if (!crowded && turn.now.queue_ms < forget_at_ms_) return {};
    const KeptRecords old = TRY(store_.forget(turn.now.queue_ms - limits_.keep_records_ms, kForgetAtOnce));
    kept_.count -= old.count;
    kept_.bytes -= std::min(kept_.bytes, old.bytes);
    while (kept_.count > limits_.most_records || kept_.bytes > limits_.most_record_bytes) {
        const KeptRecords oldest =
            TRY(store_.forget(INT64_MAX, std::max<std::uint32_t>(limits_.most_records / 100, 1)));
        if (oldest.count == 0) break;
        kept_.count -= oldest.count;
        kept_.bytes -= std::min(kept_.bytes, oldest.bytes);
    }
    TRY(store_.forget_lanes());
    forget_idle_lanes(turn);
    forget_at_ms_ = turn.now.queue_ms + (old.count == kForgetAtOnce ? 0 : kForgetEveryMs);
    return {};
}

}  // namespace hotcell::dispatch::async
