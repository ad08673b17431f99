// The queue's own timeline: it never jumps, and goes on over restarts.
//
// While an engine runs it is driven by the monotonic clock, so that a wall clock that is set forwards or back neither makes
// an event old nor delays one. Over a restart only the wall clock tells how long the engine was away: what is kept is how far
// the wall clock was ahead of the timeline, and a wall clock that went back in between holds the timeline where it was.
// Threads: the queue's.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "engine/base/clock.h"

namespace hotcell::dispatch::async {

struct Instant {
    std::int64_t queue_ms = 0;  // on the timeline
    std::int64_t wall_ms = 0;   // since 1970, for people
};

struct ClockSource {
    std::function<std::int64_t()> wall_ms = [] {
        using namespace std::chrono;
        return std::int64_t{duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count()};
    };
    std::function<std::int64_t()> monotonic_ms = [] { return static_cast<std::int64_t>(monotonic_ns() / 1'000'000); };
};

class QueueClock {
public:
    /// What is kept of it.
    struct Saved {
        std::int64_t now_ms = 0;
        std::int64_t offset_ms = 0;
    };
    explicit QueueClock(ClockSource source, const std::optional<Saved>& saved = {}) : source_(std::move(source)) {
        const std::int64_t wall = source_.wall_ms();
        begin_ = saved ? std::max(saved->now_ms, wall - saved->offset_ms) : wall;
        monotonic_begin_ = source_.monotonic_ms();
    }
    Instant now() const { return {begin_ + source_.monotonic_ms() - monotonic_begin_, source_.wall_ms()}; }
    static Saved saved(const Instant& now) { return {now.queue_ms, now.wall_ms - now.queue_ms}; }

private:
    ClockSource source_;
    std::int64_t begin_;
    std::int64_t monotonic_begin_;
};

}  // namespace hotcell::dispatch::async
