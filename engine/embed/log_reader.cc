#include "engine/embed/log_reader.h"

#include "engine/base/clock.h"

namespace hotcell::embed {

namespace {

/// From a line to the look at it: more lines of the same moment then come together.
constexpr Nanos kGather = std::chrono::milliseconds(20);
/// Those that wait at a time; further ones are told at once that there is nothing.
constexpr std::size_t kMostWaiting = 1024;

}  // namespace

struct LogReader::Reading {
    Reading(environment::Reactor& reactor, LogQuery query_, Done done_)
        : query(std::move(query_)), done(std::move(done_)), timer(reactor) {}
    LogQuery query;
    Done done;
    std::uint64_t until_ns = 0;
    std::uint64_t wait = 0;  // in the buffer
    environment::Timer timer;
    LogPage last{};
};

void LogReader::read(LogQuery query, Millis wait, Done done) {
    auto reading = std::make_shared<Reading>(reactor_, std::move(query), std::move(done));
    reading->until_ns = monotonic_ns() + static_cast<std::uint64_t>(Nanos(wait).count());
    readings_.insert(reading);
    look(reading);
}

void LogReader::look(const std::shared_ptr<Reading>& reading) {
    disk_.post([this, reading] {
        reactor_.post(
            [this, reading, page = buffer_.find(reading->query)]() mutable { looked(reading, std::move(page)); });
    });
}

void LogReader::looked(const std::shared_ptr<Reading>& reading, LogPage page) {
    if (!readings_.contains(reading)) return;
    const std::uint64_t now = monotonic_ns();
    if (!page.lines.empty() || now >= reading->until_ns || readings_.size() > kMostWaiting)
        return finish(reading, std::move(page));
    reading->query.after = page.last;
    reading->last = std::move(page);
    reading->timer.start(Nanos(reading->until_ns - now), [this, reading] { finish(reading, reading->last); });
    // called by whoever adds a line, in the middle of its work
    reading->wait = buffer_.when_added(reading->query, [this, reading] {
        reactor_.post([this, reading] {
            if (!readings_.contains(reading)) return;
            reading->wait = 0;
            reading->timer.start(kGather, [this, reading] { look(reading); });
        });
    });
}

void LogReader::finish(const std::shared_ptr<Reading>& reading, LogPage page) {
    if (readings_.erase(reading) == 0) return;
    if (reading->wait != 0) buffer_.forget(reading->wait);
    reading->timer.cancel();
    std::exchange(reading->done, nullptr)(std::move(page));
}

void LogReader::close() {
    const auto readings = readings_;
    for (const auto& reading : readings) finish(reading, reading->last);
}

}  // namespace hotcell::embed
