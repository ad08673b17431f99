// Asynchronous calls: accepted once they are on the disk, tried until they succeed, are given up or are too old, and told to
// their destination.
//
// Here: the whole life of a call, one turn after another on one thread. A turn takes what has come in since the last one, what
// has ended and what is due, and puts all of it on the disk as one transaction with one sync; only then anybody is answered and
// only then an attempt begins. So a kill at any moment loses nothing that was acknowledged, and an attempt that the kill cut
// short is found, counted and made again: at least once.
// One function's events never hold up another's: each has a lane with a bound on its attempts, and lanes take turns.
// Not here: how a function is called, what may be called (embed), the thread (embed drives turn()).
// Threads: turn() and open() on the queue's; everything else on any. Answers come on the queue's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/base/result.h"
#include "engine/dispatch/async/call.h"
#include "engine/dispatch/async/queue_clock.h"
#include "engine/dispatch/async/queue_store.h"
#include "hotcell/catalog.h"
#include "hotcell/invocation.h"

namespace hotcell::dispatch::async {

inline constexpr std::size_t kMostEvent = 128 << 10;  // Function Compute's limit

struct QueueLimits {
    std::uint64_t most_waiting = 100'000;  // and running; half of it for one function
    std::uint64_t most_bytes = 2ull << 30;
    std::uint32_t most_running = 64;
    std::uint32_t most_running_of_function = 16;
    std::uint64_t most_records = 100'000;  // of stateful calls that have ended
    std::uint64_t most_record_bytes = 1ull << 30;
    std::int64_t keep_records_ms = 7ll * 24 * 3600 * 1000;
    std::uint32_t most_hops = 16;  // of an event from destination to destination
};

enum class Happening : std::uint8_t {
    Enqueued,
    Dequeued,   // with its latency: from when it was due
    Duplicate,  // an attempt that an earlier life had begun
    Retried,
    Succeeded,
    Failed,
    Expired,
    Stopped,
    Refused,
    DestinationSucceeded,
    DestinationFailed,
};

struct QueueParts {
    std::function<void(InvokeRequest, std::function<void(Result<InvokeReport>)>)>
        invoke;                                                 // from any thread, never blocks
    std::function<void(const std::string& request_id)> cancel;  // a call that may be running
    std::function<AsyncConfig(const FunctionReference&)> config;
    std::function<void()> wake;                    // have turn() called soon; from any thread
    std::function<void(std::int64_t ms)> wake_in;  // have it called then at the latest; from turn()
    std::function<void(const std::string& service, const std::string& function, Happening, double seconds)> count;
    std::function<void(const std::string& line)> log;
    std::function<std::string()> new_id;  // of a call that the queue makes itself
    ClockSource clock{};
};

struct QueueState {
    std::uint64_t waiting = 0;
    std::uint64_t bytes = 0;
    std::uint64_t running = 0;
    std::uint64_t records = 0;
};

class EventQueue {
public:
    template <class T = void>
    using Done = std::function<void(Result<T>)>;

    /// Conflict, Broken as Database::open.
    static Result<std::unique_ptr<EventQueue>> open(const std::string& path, const QueueLimits& limits);
    /// Before anything else: who calls functions, and what time it is.
    void begin(QueueParts parts);

    /// Answered once it is on the disk. Exhausted (the queue, or the disk, is full), Conflict (an id that is taken).
    void enqueue(AsyncRequest request, bool stateful, Done<AsyncAccepted> done);
    /// Ends one: at once when it waits, and by ending its attempt when it runs. NotFound, InvalidArgument (it has ended).
    void stop(FunctionReference of, std::string invocation_id, Done<> done);
    void get(FunctionReference of, std::string invocation_id, Done<AsyncRecord> done);
    void list(FunctionReference of, AsyncListRequest request, Done<Page<AsyncRecord>> done);

    /// Takes nothing more and begins no attempt any more. What ends from here on without success waits for the next life.
    void close();
    /// Of any moment of late.
    QueueState state() const;

    void turn();

private:
    struct Lane {
        std::uint64_t waiting = 0;
        std::int64_t next_due_ms = 0;  // the first of them, or earlier
        std::uint32_t running = 0;
    };
    struct Running {
        Call call;
        bool stopping = false;
    };
    struct Ended {
        std::int64_t number;
        Outcome outcome;
    };
    struct Turn;  // what the transaction under way will have done
    struct Change {
        std::function<Result<>(Turn&)> apply;
        std::function<void(const Error&)> fail;
        std::size_t bytes = 0;
    };

    EventQueue(QueueStore store, const QueueLimits& limits, const std::optional<QueueClock::Saved>& clock)
        : limits_(limits), store_(std::move(store)), saved_clock_(clock) {}
    Result<> recover(Turn& turn);
    Result<> write(Turn& turn, const std::vector<Change>& changes);
    void fall_sick(const Instant& now, const Error& error);
    bool is_something_due(const Instant& now) const;
    void publish();
    void forget_idle_lanes(const Turn& turn);
    Result<> reload();
    void ask(Change change);
    void read(std::function<void()> work);
    void wake();
    void ended(std::int64_t number, Result<InvokeReport> result);

    Result<> insert(Turn& turn, Call call, const Done<AsyncAccepted>& done);
    Result<> refuse_when_full(const Call& call) const;
    Result<> add(Turn& turn, Call& call);
    Result<> stop_one(Turn& turn, const FunctionReference& of, const std::string& id, const Done<>& done);
    void waits(const Call& call);
    void waits_no_more(const Call& call);
    Result<> settle(Turn& turn, const Ended& ended);
    Result<> put_back(Turn& turn, Call call, std::int64_t due_ms, const Outcome& outcome);
    Result<> finish(Turn& turn, const Call& call, Status status, const Outcome& outcome, const AsyncConfig& config);
    Result<std::string> tell_destination(Turn& turn, const Call& call, const Outcome& outcome, const std::string& arn);
    Result<> take_due(Turn& turn);
    Result<bool> take_from(Turn& turn, std::int64_t id, std::uint32_t share);
    Result<> begin(Turn& turn, Call call);
    Result<> forget_old(Turn& turn);
    void launch(Call call);
    void schedule(const Instant& now);
    Result<std::int64_t> lane_of(const std::string& service, const std::string& function);
    void count(const FunctionReference& of, Happening happening, double seconds = 0) const;

    QueueParts parts_;
    const QueueLimits limits_;
    QueueStore store_;
    std::optional<QueueClock::Saved> saved_clock_;
    std::optional<QueueClock> clock_;
    std::map<std::int64_t, Lane> lanes_;  // by the store's id
    std::map<std::pair<std::string, std::string>, std::int64_t> lane_ids_;
    std::uint64_t waiting_ = 0;  // in all lanes
    std::uint64_t waiting_bytes_ = 0;
    std::int64_t last_lane_ = 0;                         // the next one begins the round
    std::unordered_map<std::int64_t, Running> running_;  // by number
    std::vector<Ended> unsaved_;
    KeptRecords kept_;
    std::int64_t forget_at_ms_ = 0;
    bool recovered_ = false;
    bool closing_ = false;       // closed_ as this turn saw it
    std::optional<Error> sick_;  // the disk refused; tried again at sick_until_ms_
    std::int64_t sick_until_ms_ = 0;

    mutable std::mutex mutex_;  // of the fields below
    std::vector<Change> changes_;
    std::vector<std::function<void()>> reads_;
    std::vector<Ended> ended_;
    std::size_t change_bytes_ = 0;
    bool woken_ = false;
    bool closed_ = false;
    QueueState state_;
};

}  // namespace hotcell::dispatch::async
