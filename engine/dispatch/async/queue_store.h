// The queue as rows of one SQLite file. What is asked of it has been judged: nothing here decides.
//
// Not here: when what is done (event_queue.h), the timeline (queue_clock.h). Every change happens inside transact(). Threads:
// one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/database/database.h"
#include "engine/dispatch/async/call.h"
#include "engine/dispatch/async/queue_clock.h"
#include "hotcell/invocation.h"

namespace hotcell::dispatch::async {

/// A function's waiting calls in sum.
struct LaneRow {
    std::int64_t id = 0;
    std::string service;
    std::string function;
    std::uint64_t waiting = 0;
    std::uint64_t bytes = 0;
    std::int64_t next_due_ms = 0;
};
struct KeptRecords {
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
};

class QueueStore {
public:
    static Result<QueueStore> open(const std::string& path);
    QueueStore(QueueStore&&) noexcept;
    ~QueueStore();

    Result<std::optional<QueueClock::Saved>> read_clock();
    Result<> write_clock(const QueueClock::Saved& clock);
    Result<std::vector<LaneRow>> read_lanes();
    Result<KeptRecords> read_kept();

    template <class Body>
    Result<> transact(Body&& body) {
        return database_.transact(std::forward<Body>(body));
    }
    Result<std::int64_t> lane_of(const std::string& service, const std::string& function);
    /// With status Enqueued. Its number.
    Result<std::int64_t> insert(const Call& call, const Instant& now);
    /// The `most` calls of a lane that are due, the one that has been due for longest first, with their events.
    Result<std::vector<Call>> due(std::int64_t lane, std::int64_t now_ms, std::uint32_t most);
    /// When the next of the lane is due; nothing: none waits.
    Result<std::optional<std::int64_t>> next_due(std::int64_t lane);
    /// The attempt that is about to begin.
    Result<> begin_attempt(const Call& call, const Instant& now);
    /// Waits again until call.due_ms.
    Result<> put_back(const Call& call, const Instant& now, const std::string& why);
    Result<> set_stopping(const Call& call, const Instant& now);
    /// A stateful one is kept, the others are forgotten.
    Result<> end(const Call& call, Status status, const Outcome& outcome, const std::string& destination,
                 const Instant& now);

    /// A stateful one, with its event when it waits; its status.
    Result<std::optional<std::pair<Call, Status>>> find(const FunctionReference& of, const std::string& invocation_id);
    Result<std::optional<AsyncRecord>> record(const FunctionReference& of, const std::string& invocation_id);
    Result<Page<AsyncRecord>> list(const FunctionReference& of, const AsyncListRequest& request);

    /// Those that an earlier life was running, as they stood.
    Result<std::vector<std::pair<Call, Status>>> interrupted();
    /// Functions without any call.
    Result<> forget_lanes();
    /// Forgets at most `most` ended ones of before, the oldest first.
    Result<KeptRecords> forget(std::int64_t ended_before_ms, std::uint32_t most);

private:
    struct Statements;
    explicit QueueStore(database::Database database);
    Result<> happened(const Call& call, Status status, const Instant& now, const std::string& detail);

    database::Database database_;
    std::unique_ptr<Statements> statements_;  // prepared once, destroyed before the database
};

}  // namespace hotcell::dispatch::async
