#include "engine/telemetry/logs/log_buffer.h"

#include <algorithm>
#include <chrono>

namespace hotcell::telemetry {

namespace {

constexpr int kLinesAtOnce = 512;             // while the lock is held: whoever writes waits for it
constexpr std::uint64_t kMostText = 1 << 20;  // of a page: it is copied and written out on the loop

std::int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

}  // namespace

LogBuffer::OfFunction& LogBuffer::of(const LogSource& source) {
    const std::scoped_lock lock(mutex_);
    return functions_[{source.service, source.function}];
}

void LogBuffer::drop_oldest(OfFunction& of) {
    const Place oldest = of.lines.front();
    of.lines.pop_front();
    of.bytes -= oldest->second.cost();
    bytes_ -= oldest->second.cost();
    ++of.lost;
    lines_.erase(oldest);
}

void LogBuffer::add(NewLine line) {
    std::vector<std::function<void()>> waits;
    {
        const std::scoped_lock lock(mutex_);
        OfFunction& function = *line.function;
        const Place place = lines_.emplace_hint(lines_.end(), ++last_number_, Kept{now_ms(), std::move(line)});
        function.lines.push_back(place);
        function.bytes += place->second.cost();
        bytes_ += place->second.cost();
        while (function.bytes > bounds_.most_of_function.count && function.lines.size() > 1) drop_oldest(function);
        while (bytes_ > bounds_.most.count && lines_.size() > 1) drop_oldest(*lines_.begin()->second.line.function);
        if (!waits_.empty()) waits = take_waits(*place->second.line.source);
    }
    for (const auto& changed : waits) changed();
}

void LogBuffer::count_lost(OfFunction& function, std::uint64_t lines) {
    const std::scoped_lock lock(mutex_);
    function.lost += lines;
}

std::vector<std::function<void()>> LogBuffer::take_waits(const LogSource& source) {
    std::vector<std::function<void()>> taken;
    std::erase_if(waits_, [&](auto& wait) {
        const bool fits = (wait.second.service.empty() || wait.second.service == source.service) &&
                          (wait.second.function.empty() || wait.second.function == source.function);
        if (fits) taken.push_back(std::move(wait.second.changed));
        return fits;
    });
    return taken;
}

std::uint64_t LogBuffer::when_added(const LogQuery& query, std::function<void()> changed) {
    {
        const std::scoped_lock lock(mutex_);
        if (query.after >= last_number_) {
            waits_.emplace(next_wait_, Wait{query.service, query.function, std::move(changed)});
            return next_wait_++;
        }
    }
    changed();
    return 0;
}

void LogBuffer::forget(std::uint64_t wait) {
    const std::scoped_lock lock(mutex_);
    waits_.erase(wait);
}

std::uint64_t LogBuffer::lost_of(const LogQuery& query) const {
    std::uint64_t lost = 0;
    for (const auto& [name, function] : functions_)
        if ((query.service.empty() || name.first == query.service) &&
            (query.function.empty() || name.second == query.function))
            lost += function.lost;
    return lost;
}

bool LogBuffer::fits(const LogQuery& query, const Kept& kept) {
    const LogSource& source = *kept.line.source;
    return (query.service.empty() || source.service == query.service) &&
           (query.function.empty() || source.function == query.function) &&
           (query.version.empty() || source.version == query.version) &&
           (query.instance_id.empty() || source.instance_id == query.instance_id) &&
           (query.request_id.empty() || *kept.line.request_id == query.request_id) && kept.at_ms >= query.since_ms &&
           (query.until_ms == 0 || kept.at_ms <= query.until_ms) &&
           kept.line.text.find(query.match) != std::string::npos;
}

bool LogBuffer::Found::is_full(const LogQuery& query) const {
    return page.lines.size() >= query.limit || bytes >= kMostText;
}

void LogBuffer::take(std::uint64_t number, const Kept& kept, Found& found) {
    const LogSource& source = *kept.line.source;
    found.bytes += kept.line.text.size();
    found.page.lines.push_back({number, kept.at_ms, source.service, source.function, source.version,
                                *kept.line.request_id, source.instance_id, kept.line.stream, kept.line.truncated,
                                kept.line.text});
}

/// A few lines after number `from`, which moves on. False once it is over.
bool LogBuffer::look(const LogQuery& query, Found& found, std::uint64_t& from) const {
    const std::scoped_lock lock(mutex_);
    auto at = lines_.upper_bound(from);
    for (int i = 0; i < kLinesAtOnce && at != lines_.end(); ++i, ++at) {
        from = at->first;
        if (fits(query, at->second)) take(at->first, at->second, found);
        if (found.is_full(query)) break;
    }
    if (at == lines_.end()) from = last_number_;
    return at != lines_.end() && !found.is_full(query);
}

/// A few lines before number `from`, which moves back.
bool LogBuffer::look_back(const LogQuery& query, Found& found, std::uint64_t& from) const {
    const std::scoped_lock lock(mutex_);
    auto at = lines_.lower_bound(from);
    for (int i = 0; i < kLinesAtOnce && at != lines_.begin(); ++i) {
        --at;
        from = at->first;
        if (fits(query, at->second)) take(at->first, at->second, found);
        if (found.is_full(query)) return false;
    }
    return at != lines_.begin();
}

LogPage LogBuffer::find(const LogQuery& query) const {
    Found found;
    LogPage& page = found.page;
    std::uint64_t last = 0;
    {
        const std::scoped_lock lock(mutex_);
        page.lost = lost_of(query);
        last = last_number_;
    }
    if (query.after != 0) {
        page.last = query.after;
        while (look(query, found, page.last)) {}
        return std::move(page);
    }
    page.last = last;
    std::uint64_t from = last + 1;
    while (look_back(query, found, from)) {}
    std::reverse(page.lines.begin(), page.lines.end());
    return std::move(page);
}

}  // namespace hotcell::telemetry
