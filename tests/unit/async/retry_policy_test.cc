// What becomes of an asynchronous call after an attempt, as a table; and the timeline that no clock can bend.
#include "engine/dispatch/async/retry_policy.h"

#include <gtest/gtest.h>

#include "engine/dispatch/async/queue_clock.h"

namespace hotcell::dispatch::async {
namespace {

using Kind = Verdict::Kind;

TEST(RetryPolicy, WaitsHalfASecondThenTwiceAsLongEachTimeUpToFiveMinutes) {
    const std::int64_t expected[] = {500, 1000, 2000, 4000, 8000, 16000, 32000, 64000, 128000, 256000, 300000, 300000};
    for (std::uint32_t nth = 1; nth <= std::size(expected); ++nth)
        EXPECT_EQ(back_off_ms(nth), expected[nth - 1]) << nth;
    EXPECT_EQ(back_off_ms(4'000'000'000u), 300000);
}

TEST(RetryPolicy, JudgesEveryEnding) {
    const RetryRules rules{.most_retries = 3, .most_age_s = 60};
    struct Case {
        Ending ending;
        Tries tries;
        std::int64_t age_ms;
        Kind kind;
        std::int64_t wait_ms;
    };
    const Case cases[] = {
        {Ending::Succeeded, {}, 0, Kind::Succeed, 0},
        {Ending::Succeeded, {}, 61'000, Kind::Succeed, 0},  // it has run: its age does not matter any more
        {Ending::Impossible, {}, 0, Kind::Fail, 0},
        {Ending::FunctionError, {1, 0}, 0, Kind::Retry, 500},
        {Ending::FunctionError, {3, 0}, 0, Kind::Retry, 2000},
        {Ending::FunctionError, {4, 0}, 0, Kind::Fail, 0},
        {Ending::FunctionError, {4, 0}, 60'000, Kind::Fail, 0},
        {Ending::FunctionError, {1, 0}, 60'000, Kind::Expire, 0},
        {Ending::FunctionError, {1, 9}, 0, Kind::Retry, 500},  // each kind waits for itself
        {Ending::NoRoom, {0, 1}, 0, Kind::Retry, 500},
        {Ending::NoRoom, {0, 5}, 10'000, Kind::Retry, 8000},
        {Ending::NoRoom, {4, 100}, 0, Kind::Retry, 60'000},  // not beyond its end
        {Ending::NoRoom, {0, 1}, 59'900, Kind::Retry, 100},
        {Ending::NoRoom, {0, 1}, 60'000, Kind::Expire, 0},
        {Ending::CutShort, {9, 9}, 0, Kind::Retry, 0},
    };
    for (const Case& one : cases) {
        const std::int64_t accepted = 1'000'000, now = accepted + one.age_ms;
        const Verdict verdict = after_attempt(one.ending, one.tries, accepted, now, rules);
        EXPECT_EQ(verdict.kind, one.kind) << &one - cases;
        EXPECT_EQ(verdict.kind == Kind::Retry ? verdict.due_ms - now : 0, one.wait_ms) << &one - cases;
    }
}

TEST(RetryPolicy, WithoutRetriesTheFirstErrorIsTheLast) {
    EXPECT_EQ(after_attempt(Ending::FunctionError, {1, 0}, 0, 0, {.most_retries = 0, .most_age_s = 60}).kind,
              Kind::Fail);
}

struct FakeClock {
    std::int64_t wall = 1'790'000'000'000;
    std::int64_t monotonic = 5000;
    ClockSource source() {
        return {[this] { return wall; }, [this] { return monotonic; }};
    }
    void pass(std::int64_t ms) { wall += ms, monotonic += ms; }
};

TEST(QueueClock, IsTheWallClockUntilThatIsSet) {
    FakeClock fake;
    const QueueClock clock(fake.source());
    fake.pass(10);
    EXPECT_EQ(clock.now().queue_ms, fake.wall);
    for (const std::int64_t jump : {86'400'000ll, -172'800'000ll, 2'147'483'647'000ll - 1'790'000'000'000ll}) {
        const std::int64_t before = clock.now().queue_ms;
        fake.wall += jump;
        fake.pass(7);
        EXPECT_EQ(clock.now().queue_ms, before + 7);
        EXPECT_EQ(clock.now().wall_ms, fake.wall);
    }
}

TEST(QueueClock, GoesOnOverARestart) {
    FakeClock fake;
    QueueClock::Saved saved;
    {
        const QueueClock clock(fake.source());
        fake.wall += 3'600'000;  // set forwards while it runs
        fake.pass(1000);
        saved = QueueClock::saved(clock.now());
    }
    fake.pass(5000);  // the engine is away
    fake.monotonic = 3;
    EXPECT_EQ(QueueClock(fake.source(), saved).now().queue_ms, saved.now_ms + 5000);
    fake.wall -= 86'400'000;  // set back while it is away: time stands, and nothing waits for a day
    EXPECT_EQ(QueueClock(fake.source(), saved).now().queue_ms, saved.now_ms);
}

}  // namespace
}  // namespace hotcell::dispatch::async
