// How many environments a provision configuration wants, as a table of moments.
#include "engine/dispatch/provision/target.h"

#include <gtest/gtest.h>

#include "engine/schedule/schedule_expression.h"

namespace hotcell::dispatch {
namespace {

std::int64_t utc(std::string_view text) { return schedule::parse_utc(text).value(); }

ProvisionConfig config(std::uint32_t target) {
    ProvisionConfig config;
    config.target = target;
    return config;
}

ScheduledTarget action(const char* name, const char* schedule, std::uint32_t target, const char* start = "",
                       const char* end = "") {
    return {.name = name, .start_time = start, .end_time = end, .target = target, .schedule = schedule};
}

TEST(ProvisionTarget, IsTheConfiguredOneWithoutAnythingElse) {
    EXPECT_EQ(target_at(config(0), 0, 50), 0u);
    EXPECT_EQ(target_at(config(7), utc("2024-05-05T05:05:05Z"), 50), 7u);
    EXPECT_EQ(target_at(config(4'000'000'000u), 0, 0), 10'000u);
}

TEST(ProvisionTarget, FollowsTheActionThatWasDueLast) {
    ProvisionConfig day = config(1);
    day.schedule = {action("morning", "cron(0 0 8 * * *)", 10, "2024-05-01T00:00:00Z", "2024-05-31T23:59:59Z"),
                    action("evening", "cron(0 0 20 * * *)", 2, "2024-05-01T00:00:00Z", "2024-05-31T23:59:59Z"),
                    action("launch", "at(2024-05-10T12:00:00Z)", 50, "2024-05-01T00:00:00Z", "2024-05-31T23:59:59Z")};
    struct Case {
        const char* at;
        std::uint32_t target;
    };
    const Case cases[] = {
        {"2024-04-30T12:00:00Z", 1},   // before the window
        {"2024-05-01T07:59:59Z", 1},   // in it, nothing was due yet
        {"2024-05-01T08:00:00Z", 10},  // to the second
        {"2024-05-01T19:59:59Z", 10}, {"2024-05-01T20:00:00Z", 2},  {"2024-05-02T07:59:59Z", 2},
        {"2024-05-10T11:59:59Z", 10}, {"2024-05-10T12:00:00Z", 50}, {"2024-05-10T20:00:00Z", 2},
        {"2024-05-31T23:59:59Z", 2},  {"2024-06-01T00:00:00Z", 1},  // after it the configured one
    };
    for (const Case& one : cases) EXPECT_EQ(target_at(day, utc(one.at), 0), one.target) << one.at;
}

TEST(ProvisionTarget, TakesTheLargestOfThoseDueAtTheSameMoment) {
    ProvisionConfig both = config(1);
    both.schedule = {action("a", "cron(0 0 8 * * *)", 3), action("b", "cron(0 0 8 * * *)", 9),
                     action("c", "cron(0 0 8 * * *)", 5)};
    EXPECT_EQ(target_at(both, utc("2024-05-05T08:00:00Z"), 0), 9u);
}

TEST(ProvisionTarget, FollowsTheDemandWithinItsBounds) {
    ProvisionConfig tracked = config(1);
    tracked.tracking = {{.name = "t",
                         .start_time = "2024-05-01T00:00:00Z",
                         .end_time = "2024-05-31T00:00:00Z",
                         .metric_target = 0.5,
                         .least = 2,
                         .most = 20}};
    const std::int64_t now = utc("2024-05-05T08:00:00Z");
    EXPECT_EQ(target_at(tracked, now, 0), 2u);
    EXPECT_EQ(target_at(tracked, now, 1), 2u);
    EXPECT_EQ(target_at(tracked, now, 3), 6u);
    EXPECT_EQ(target_at(tracked, now, 1000), 20u);
    EXPECT_EQ(target_at(tracked, utc("2024-06-01T00:00:00Z"), 1000), 1u);
    tracked.schedule = {action("s", "cron(0 0 8 * * *)", 4)};
    EXPECT_EQ(target_at(tracked, now, 0), 4u);  // the larger one
    EXPECT_EQ(target_at(tracked, now, 3), 6u);
}

TEST(ProvisionTarget, LeavesAsideWhatIsOutOfForm) {
    ProvisionConfig wrong = config(1);
    wrong.schedule = {action("a", "every day", 5), action("b", "cron(0 0 8 * * *)", 5, "soon")};
    wrong.tracking = {{.name = "t", .start_time = "x", .end_time = "", .metric_target = 0.5, .least = 9, .most = 9},
                      {.name = "z", .start_time = "", .end_time = "", .metric_target = 0, .least = 0, .most = 9}};
    EXPECT_EQ(target_at(wrong, utc("2024-05-05T08:00:00Z"), 5), 0u);  // the last one is sound: no target, its least
}

}  // namespace
}  // namespace hotcell::dispatch
