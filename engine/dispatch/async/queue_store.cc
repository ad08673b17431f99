#include "engine/dispatch/async/queue_store.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <unordered_map>

#include "engine/dispatch/async/migrations.h"

namespace hotcell::dispatch::async {

using database::Blob;
using database::Database;
using database::Statement;

namespace {

constexpr std::size_t kMostKeptMessage = 4096;
constexpr std::size_t kMostKeptResult = 256 << 10;
constexpr std::size_t kMostPageBytes = 8 << 20;

constexpr std::array<std::string_view, 9> kNames = {"Enqueued",  "Dequeued", "Running", "Stopping", "Retrying",
                                                    "Succeeded", "Failed",   "Stopped", "Expired"};

std::int64_t number_of(Status status) { return static_cast<std::int64_t>(status); }
std::string_view qualifier_of(const FunctionReference& of) { return of.qualifier.empty() ? kLatest : of.qualifier; }

/// At most `most` bytes, not in the middle of a character.
std::string cut(const std::string& text, std::size_t most) {
    if (text.size() <= most) return text;
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
    return text.substr(0, most);
}

constexpr char kCallColumns[] =
    "SELECT c.number, c.function, f.service, f.name, c.qualifier, c.invocation_id, c.request_id, c.stateful, c.hops, "
    "c.accepted_ms, c.due_ms, c.attempts, c.function_errors, c.system_errors, c.status, e.event, h.request FROM "
    "invocations c JOIN functions f ON f.id = c.function JOIN events e ON e.number = c.number "
    "LEFT JOIN http_calls h ON h.number = c.number ";

std::pair<Call, Status> read_call(const Statement& row) {
    Call call;
    call.number = row.number(0);
    call.lane = row.number(1);
    call.of = {row.text(2), row.text(4), row.text(3)};
    call.invocation_id = row.text(5);
    call.request_id = row.text(6);
    call.stateful = row.number(7) != 0;
    call.hops = static_cast<std::uint32_t>(row.number(8));
    call.accepted_ms = row.number(9);
    call.due_ms = row.number(10);
    call.attempts = static_cast<std::uint32_t>(row.number(11));
    call.tries = {static_cast<std::uint32_t>(row.number(12)), static_cast<std::uint32_t>(row.number(13))};
    call.event = row.text(15);
    call.http = row.text(16);
    return {std::move(call), static_cast<Status>(row.number(14))};
}

constexpr char kRecordColumns[] =
    "SELECT c.number, f.service, f.name, c.qualifier, c.invocation_id, c.request_id, c.status, c.attempts, "
    "c.started_at, "
    "c.ended_at, c.instance_id, c.error_message, c.destination_status, e.event, r.result FROM functions f "
    "JOIN invocations c ON c.function = f.id JOIN events e ON e.number = c.number "
    "LEFT JOIN results r ON r.number = c.number WHERE c.stateful = 1 AND f.service = ? AND f.name = ? "
    "AND c.qualifier = ? ";

AsyncRecord read_record(const Statement& row, bool with_payload) {
    AsyncRecord record;
    record.service = row.text(1);
    record.function = row.text(2);
    record.qualifier = row.text(3);
    record.invocation_id = row.text(4);
    record.request_id = row.text(5);
    record.status = name_of(static_cast<Status>(row.number(6)));
    record.retries = static_cast<std::uint32_t>(std::max<std::int64_t>(row.number(7) - 1, 0));
    record.started_ms = row.number(8);
    record.ended_ms = row.number(9);
    record.instance_id = row.text(10);
    record.error_message = row.text(11);
    record.destination_status = row.text(12);
    if (!with_payload) return record;
    record.payload = row.text(13);
    record.result = row.text(14);
    return record;
}

/// "17": the number of the last one of the page before.
Result<std::int64_t> read_token(const std::string& token) {
    std::int64_t number = 0;
    const auto [end, failed] = std::from_chars(token.data(), token.data() + token.size(), number);
    if (failed != std::errc{} || end != token.data() + token.size() || number <= 0)
        return std::unexpected(Error{ErrorKind::InvalidArgument,
                                     0,
                                     "nextToken is set to an invalid value (allowed: one that a "
                                     "list has given)",
                                     {},
                                     "InvalidArgument"});
    return number;
}

}  // namespace

std::string_view name_of(Status status) { return kNames[static_cast<std::size_t>(status)]; }

bool read_status(std::string_view name, Status& status) {
    const auto found = std::find(kNames.begin(), kNames.end(), name);
    if (found == kNames.end()) return false;
    status = static_cast<Status>(found - kNames.begin());
    return true;
}

/// Statements by their text, prepared once. What is given out is reset when the user is done: an open one would keep the
/// write-ahead log from being taken over into the file.
struct QueueStore::Statements {
    std::unordered_map<std::string_view, Statement> all{};

    class Use {
    public:
        explicit Use(Statement& statement) : statement_(&statement) {}
        Use(Use&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
        ~Use() {
            if (statement_ != nullptr) statement_->reset();
        }
        Statement* operator->() const { return statement_; }
        const Statement& operator*() const { return *statement_; }

    private:
        Statement* statement_;
    };
    template <class... Values>
    Result<Use> bind(Database& database, std::string_view sql, const Values&... values) {
        auto known = all.find(sql);
        if (known == all.end()) known = all.emplace(sql, TRY(database.prepare(sql))).first;
        Use use(known->second);
        (use->bind(values), ...);
        return use;
    }
    template <class... Values>
    Result<> run(Database& database, std::string_view sql, const Values&... values) {
        const Use use = TRY(bind(database, sql, values...));
        return use->run();
    }
};

QueueStore::QueueStore(database::Database database)
    : database_(std::move(database)), statements_(std::make_unique<Statements>()) {}
QueueStore::QueueStore(QueueStore&&) noexcept = default;
QueueStore::~QueueStore() { statements_.reset(); }

Result<QueueStore> QueueStore::open(const std::string& path) {
    static const database::Kind kKind{"queue", 0x68635175, migrations()};  // "hcQu"
    return QueueStore(TRY(Database::open(path, kKind)));
}

Result<std::optional<QueueClock::Saved>> QueueStore::read_clock() {
    auto row = TRY(statements_->bind(database_, "SELECT now_ms, offset_ms FROM clock"));
    if (!TRY(row->step())) return std::nullopt;
    return QueueClock::Saved{row->number(0), row->number(1)};
}

Result<> QueueStore::write_clock(const QueueClock::Saved& clock) {
    return statements_->run(database_, "INSERT OR REPLACE INTO clock VALUES (1, ?, ?)", clock.now_ms, clock.offset_ms);
}

Result<std::vector<LaneRow>> QueueStore::read_lanes() {
    auto row = TRY(
        statements_->bind(database_,
                          "SELECT f.id, f.service, f.name, count(*), total(c.bytes), min(c.due_ms) FROM invocations c "
                          "JOIN functions f ON f.id = c.function WHERE c.due_ms IS NOT NULL GROUP BY f.id"));
    std::vector<LaneRow> lanes;
    while (TRY(row->step()))
        lanes.push_back({row->number(0), row->text(1), row->text(2), static_cast<std::uint64_t>(row->number(3)),
                         static_cast<std::uint64_t>(row->number(4)), row->number(5)});
    return lanes;
}

Result<KeptRecords> QueueStore::read_kept() {
    auto row =
        TRY(statements_->bind(database_, "SELECT count(*), total(bytes) FROM invocations WHERE ended_ms IS NOT NULL"));
    TRY(row->step());
    return KeptRecords{static_cast<std::uint64_t>(row->number(0)), static_cast<std::uint64_t>(row->number(1))};
}

Result<std::int64_t> QueueStore::lane_of(const std::string& service, const std::string& function) {
    TRY(statements_->run(database_, "INSERT INTO functions (service, name) VALUES (?, ?) ON CONFLICT DO NOTHING",
                         service, function));
    auto row =
        TRY(statements_->bind(database_, "SELECT id FROM functions WHERE service = ? AND name = ?", service, function));
    TRY(row->step());
    return row->number(0);
}

Result<std::int64_t> QueueStore::insert(const Call& call, const Instant& now) {
    auto row = TRY(statements_->bind(
        database_,
        "INSERT INTO invocations (function, qualifier, invocation_id, request_id, stateful, status, hops, bytes, "
        "accepted_ms, due_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING number",
        call.lane, qualifier_of(call.of), call.invocation_id, call.request_id, std::int64_t{call.stateful},
        number_of(Status::Enqueued), std::int64_t{call.hops}, static_cast<std::int64_t>(call.bytes()), call.accepted_ms,
        call.due_ms));
    TRY(row->step());
    Call inserted;
    inserted.number = row->number(0);
    inserted.stateful = call.stateful;
    TRY(statements_->run(database_, "INSERT INTO events VALUES (?, ?)", inserted.number, Blob{call.event}));
    if (!call.http.empty())
        TRY(statements_->run(database_, "INSERT INTO http_calls VALUES (?, ?)", inserted.number, Blob{call.http}));
    TRY(happened(inserted, Status::Enqueued, now, {}));
    return inserted.number;
}

Result<std::vector<Call>> QueueStore::due(std::int64_t lane, std::int64_t now_ms, std::uint32_t most) {
    static const std::string sql =
        std::string(kCallColumns) + "WHERE c.function = ? AND c.due_ms <= ? ORDER BY c.due_ms, c.number LIMIT ?";
    auto row = TRY(statements_->bind(database_, sql, lane, now_ms, std::int64_t{most}));
    std::vector<Call> calls;
    while (TRY(row->step())) calls.push_back(read_call(*row).first);
    return calls;
}

Result<std::optional<std::int64_t>> QueueStore::next_due(std::int64_t lane) {
    auto row = TRY(statements_->bind(
        database_, "SELECT due_ms FROM invocations WHERE function = ? AND due_ms IS NOT NULL ORDER BY due_ms LIMIT 1",
        lane));
    if (!TRY(row->step())) return std::nullopt;
    return row->number(0);
}

Result<> QueueStore::happened(const Call& call, Status status, const Instant& now, const std::string& detail) {
    if (!call.stateful) return {};
    return statements_->run(database_,
                            "INSERT INTO happenings SELECT ?1, 1 + coalesce(max(id), 0), ?2, ?3, ?4 FROM happenings "
                            "WHERE number = ?1",
                            call.number, number_of(status), now.wall_ms, detail);
}

Result<> QueueStore::begin_attempt(const Call& call, const Instant& now) {
    TRY(statements_->run(database_,
                         "UPDATE invocations SET status = ?, due_ms = NULL, attempts = ?, started_at = CASE started_at "
                         "WHEN 0 THEN ? ELSE started_at END WHERE number = ?",
                         number_of(Status::Running), std::int64_t{call.attempts}, now.wall_ms, call.number));
    TRY(happened(call, Status::Dequeued, now, {}));
    return happened(call, Status::Running, now, {});
}

Result<> QueueStore::put_back(const Call& call, const Instant& now, const std::string& why) {
    TRY(statements_->run(database_,
                         "UPDATE invocations SET status = ?, due_ms = ?, function_errors = ?, system_errors = ?, "
                         "error_message = ? WHERE number = ?",
                         number_of(Status::Retrying), call.due_ms, std::int64_t{call.tries.function_errors},
                         std::int64_t{call.tries.system_errors}, cut(why, kMostKeptMessage), call.number));
    return happened(call, Status::Retrying, now, cut(why, kMostKeptMessage));
}

Result<> QueueStore::set_stopping(const Call& call, const Instant& now) {
    TRY(statements_->run(database_, "UPDATE invocations SET status = ? WHERE number = ?", number_of(Status::Stopping),
                         call.number));
    return happened(call, Status::Stopping, now, {});
}

Result<> QueueStore::end(const Call& call, Status status, const Outcome& outcome, const std::string& destination,
                         const Instant& now) {
    if (!call.stateful) return statements_->run(database_, "DELETE FROM invocations WHERE number = ?", call.number);
    const bool keeps = outcome.payload.size() <= kMostKeptResult;
    const std::size_t bytes = call.bytes() + (keeps ? outcome.payload.size() : 0);
    TRY(statements_->run(database_,
                         "UPDATE invocations SET status = ?, due_ms = NULL, bytes = ?, ended_ms = ?, ended_at = ?, "
                         "instance_id = ?, error_message = ?, destination_status = ? WHERE number = ?",
                         number_of(status), static_cast<std::int64_t>(bytes), now.queue_ms, now.wall_ms,
                         outcome.instance_id, cut(outcome.message, kMostKeptMessage), destination, call.number));
    if (keeps)
        TRY(statements_->run(database_, "INSERT INTO results VALUES (?, ?)", call.number, Blob{outcome.payload}));
    std::string detail = cut(outcome.message, kMostKeptMessage);
    if (!keeps) detail = "the result's " + std::to_string(outcome.payload.size()) + " bytes are too many to be kept";
    return happened(call, status, now, detail);
}

Result<std::optional<std::pair<Call, Status>>> QueueStore::find(const FunctionReference& of,
                                                                const std::string& invocation_id) {
    static const std::string sql = std::string(kCallColumns) +
                                   "WHERE c.stateful = 1 AND f.service = ? AND f.name = ? AND c.qualifier = ? AND "
                                   "c.invocation_id = ?";
    auto row = TRY(statements_->bind(database_, sql, of.service, of.function, qualifier_of(of), invocation_id));
    if (!TRY(row->step())) return std::nullopt;
    return read_call(*row);
}

Result<std::optional<AsyncRecord>> QueueStore::record(const FunctionReference& of, const std::string& invocation_id) {
    static const std::string sql = std::string(kRecordColumns) + "AND c.invocation_id = ?";
    auto row = TRY(statements_->bind(database_, sql, of.service, of.function, qualifier_of(of), invocation_id));
    if (!TRY(row->step())) return std::nullopt;
    AsyncRecord record = read_record(*row, true);
    auto events = TRY(statements_->bind(
        database_, "SELECT id, status, at, detail FROM happenings WHERE number = ? ORDER BY id", row->number(0)));
    while (TRY(events->step()))
        record.events.push_back({static_cast<std::uint64_t>(events->number(0)),
                                 std::string(name_of(static_cast<Status>(events->number(1)))), events->number(2),
                                 events->text(3)});
    return record;
}

Result<Page<AsyncRecord>> QueueStore::list(const FunctionReference& of, const AsyncListRequest& request) {
    std::int64_t after = request.ascending ? 0 : INT64_MAX;
    if (!request.next_token.empty()) after = TRY(read_token(request.next_token));
    Status status{};
    const bool any = request.status.empty();
    Page<AsyncRecord> page;
    if (!any && !read_status(request.status, status)) return page;  // one that no call ever has
    static const std::string filters =
        "AND (? OR c.status = ?) AND c.started_at >= ? AND c.started_at <= ? AND substr(c.invocation_id, 1, ?) = ? ";
    static const std::string forwards =
        std::string(kRecordColumns) + filters + "AND c.number > ? ORDER BY c.number LIMIT ?";
    static const std::string backwards =
        std::string(kRecordColumns) + filters + "AND c.number < ? ORDER BY c.number DESC LIMIT ?";
    auto row = TRY(statements_->bind(database_, request.ascending ? forwards : backwards, of.service, of.function,
                                     qualifier_of(of), std::int64_t{any}, number_of(status), request.started_from_ms,
                                     request.started_to_ms == 0 ? INT64_MAX : request.started_to_ms,
                                     static_cast<std::int64_t>(request.id_prefix.size()), request.id_prefix, after,
                                     std::int64_t{request.limit} + 1));
    std::size_t bytes = 0;
    std::int64_t last = 0;
    while (TRY(row->step())) {
        if (page.items.size() == request.limit || bytes > kMostPageBytes) {
            page.next_token = std::to_string(last);
            break;
        }
        page.items.push_back(read_record(*row, request.with_payload));
        bytes += page.items.back().payload.size() + page.items.back().result.size();
        last = row->number(0);
    }
    return page;
}

Result<std::vector<std::pair<Call, Status>>> QueueStore::interrupted() {
    static const std::string sql = std::string(kCallColumns) + "WHERE c.due_ms IS NULL AND c.ended_ms IS NULL";
    auto row = TRY(statements_->bind(database_, sql));
    std::vector<std::pair<Call, Status>> calls;
    while (TRY(row->step())) calls.push_back(read_call(*row));
    return calls;
}

Result<> QueueStore::forget_lanes() {
    return statements_->run(database_,
                            "DELETE FROM functions WHERE NOT EXISTS (SELECT 1 FROM invocations c WHERE c.function = "
                            "functions.id)");
}

Result<KeptRecords> QueueStore::forget(std::int64_t ended_before_ms, std::uint32_t most) {
    auto row = TRY(statements_->bind(database_,
                                     "DELETE FROM invocations WHERE number IN (SELECT number FROM invocations WHERE "
                                     "ended_ms < ? ORDER BY ended_ms LIMIT "
                                     "?) RETURNING bytes",
                                     ended_before_ms, std::int64_t{most}));
    KeptRecords forgotten;
    while (TRY(row->step())) {
        ++forgotten.count;
        forgotten.bytes += static_cast<std::uint64_t>(row->number(0));
    }
    return forgotten;
}

}  // namespace hotcell::dispatch::async
