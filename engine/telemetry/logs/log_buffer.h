// The last lines of all functions, within two bounds: of all together and of one function, so that one that floods drops its own
// lines first and never a quiet one's before the engine's bound is reached. Lost when the engine ends: a log store is what keeps.
//
// Here: keeping, counting what was lost, finding. Not here: where lines come from (instance_log.h), who asks (embed).
// Threads: any.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "hotcell/logs.h"
#include "hotcell/units.h"

namespace hotcell::telemetry {

/// Whose a line is; shared by all lines of one environment.
struct LogSource {
    std::string service;
    std::string function;
    std::string version;
    std::string instance_id;
};

struct LogBounds {
    Bytes most = mebibytes(32);
    Bytes most_of_function = mebibytes(4);
};

class LogBuffer {
public:
    explicit LogBuffer(LogBounds bounds = {}) : bounds_(bounds) {}

    /// What is kept of one function; never goes.
    struct OfFunction;
    OfFunction& of(const LogSource& source);

    struct NewLine {
        std::shared_ptr<const LogSource> source;
        OfFunction* function = nullptr;  // of(*source)
        std::shared_ptr<const std::string> request_id;
        LogStream stream = LogStream::Out;
        bool truncated = false;
        std::string text;
    };
    void add(NewLine line);
    /// Lines that were thrown away before they came here.
    void count_lost(OfFunction& function, std::uint64_t lines);

    LogPage find(const LogQuery& query) const;
    /// Calls `changed` once, on the thread that adds: at the next line of the query's service and function, or before this returns
    /// when there are lines after query.after already. The number names the wait for forget().
    std::uint64_t when_added(const LogQuery& query, std::function<void()> changed);
    void forget(std::uint64_t wait);

private:
    struct Kept;
    using Lines = std::map<std::uint64_t, Kept>;  // by number
    using Place = Lines::iterator;
    struct Kept {
        std::int64_t at_ms = 0;
        NewLine line;
        std::size_t cost() const { return line.text.size() + 192; }
    };
    struct Wait {
        std::string service;
        std::string function;
        std::function<void()> changed;
    };
    void drop_oldest(OfFunction& of);
    static bool fits(const LogQuery& query, const Kept& kept);
    struct Found {
        LogPage page{};
        std::uint64_t bytes = 0;  // of text
        bool is_full(const LogQuery& query) const;
    };
    static void take(std::uint64_t number, const Kept& kept, Found& found);
    bool look(const LogQuery& query, Found& found, std::uint64_t& from) const;
    bool look_back(const LogQuery& query, Found& found, std::uint64_t& from) const;
    std::uint64_t lost_of(const LogQuery& query) const;
    std::vector<std::function<void()>> take_waits(const LogSource& source);

    const LogBounds bounds_;
    mutable std::mutex mutex_;
    Lines lines_;
    std::map<std::pair<std::string, std::string>, OfFunction> functions_;
    std::unordered_map<std::uint64_t, Wait> waits_;
    std::uint64_t next_wait_ = 1;
    std::uint64_t last_number_ = 0;
    std::uint64_t bytes_ = 0;
};

struct LogBuffer::OfFunction {
    std::deque<Place> lines;
    std::uint64_t bytes = 0;
    std::uint64_t lost = 0;
};

}  // namespace hotcell::telemetry
