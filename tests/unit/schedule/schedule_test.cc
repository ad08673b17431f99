// Cron expressions as tables: which moments they name, and which texts are none.
#include <gtest/gtest.h>

#include "engine/schedule/schedule_expression.h"

namespace hotcell::schedule {
namespace {

std::int64_t utc(std::string_view text) {
    const auto time = parse_utc(text);
    EXPECT_TRUE(time) << text;
    return time.value_or(0);
}

TEST(ParseUtc, KnowsTheOneForm) {
    EXPECT_EQ(parse_utc("1970-01-01T00:00:00Z"), 0);
    EXPECT_EQ(parse_utc("2020-10-10T10:10:10Z"), 1602324610);
    EXPECT_EQ(parse_utc("2038-01-19T03:14:08Z"), 2147483648);
    EXPECT_EQ(parse_utc("2024-02-29T23:59:59Z"), 1709251199);
    for (const char* text :
         {"2023-02-29T00:00:00Z", "2020-10-10T10:10:10", "2020-10-10 10:10:10Z", "2020-13-01T00:00:00Z",
          "2020-00-01T00:00:00Z", "2020-01-01T24:00:00Z", "2020-01-01T00:60:00Z", "2020-01-01T00:00:60Z",
          "-020-01-01T00:00:00Z", "2020-01-01T00:00:00z", "1969-12-31T23:59:59Z", "", "2020-10-10T10:10:10ZZ",
          "2020-1-010T00:00:00Z", "2020-10-10T+1:10:10Z"})
        EXPECT_FALSE(parse_utc(text)) << text;
}

TEST(CronExpression, NamesTheNextMomentAndTheLast) {
    struct Case {
        const char* cron;
        const char* from;
        const char* next;
        const char* last;
    };
    const Case cases[] = {
        {"* * * * * *", "2024-05-05T05:05:05Z", "2024-05-05T05:05:06Z", "2024-05-05T05:05:05Z"},
        {"0 */30 * * * *", "2024-05-05T05:05:05Z", "2024-05-05T05:30:00Z", "2024-05-05T05:00:00Z"},
        {"0 */30 * * * *", "2024-05-05T05:30:00Z", "2024-05-05T06:00:00Z", "2024-05-05T05:30:00Z"},
        {"0 0 4 1 * *", "2024-05-05T05:05:05Z", "2024-06-01T04:00:00Z", "2024-05-01T04:00:00Z"},
        {"59 59 23 31 12 ?", "2024-05-05T05:05:05Z", "2024-12-31T23:59:59Z", "2023-12-31T23:59:59Z"},
        {"0 0 0 29 2 *", "2024-03-01T00:00:00Z", "2028-02-29T00:00:00Z", "2024-02-29T00:00:00Z"},
        {"0 0 0 29 FEB ?", "2097-01-01T00:00:00Z", "2104-02-29T00:00:00Z", "2096-02-29T00:00:00Z"},
        {"0 0 8-18/2 ? * MON-FRI", "2024-05-03T18:00:00Z", "2024-05-06T08:00:00Z", "2024-05-03T18:00:00Z"},
        {"0 0 0 ? * 7", "2024-05-03T00:00:00Z", "2024-05-05T00:00:00Z", "2024-04-28T00:00:00Z"},
        {"0 0 0 ? * 0", "2024-05-03T00:00:00Z", "2024-05-05T00:00:00Z", "2024-04-28T00:00:00Z"},
        {"0 0 0 ? * sat-mon", "2024-05-06T00:00:01Z", "2024-05-11T00:00:00Z", "2024-05-06T00:00:00Z"},
        {"0 0 0 ? * */2", "2024-05-06T00:00:01Z", "2024-05-08T00:00:00Z", "2024-05-06T00:00:00Z"},   // Mon Wed Fri Sun
        {"0 0 0 13 * FRI", "2024-05-03T00:00:01Z", "2024-05-10T00:00:00Z", "2024-05-03T00:00:00Z"},  // one of the two
        {"0 0 0 1-31 * FRI", "2024-05-04T00:00:00Z", "2024-05-10T00:00:00Z", "2024-05-03T00:00:00Z"},
        {"10,20,50 5/20 * * * *", "2024-05-05T05:05:20Z", "2024-05-05T05:05:50Z", "2024-05-05T05:05:20Z"},
        {"10,20,50 5/20 * * * *", "2024-05-05T05:05:51Z", "2024-05-05T05:25:10Z", "2024-05-05T05:05:50Z"},
        {"0 50-10/10 * * * *", "2024-05-05T05:20:00Z", "2024-05-05T05:50:00Z", "2024-05-05T05:10:00Z"},  // 50 0 10
        {"  0  0 12  * * *  ", "2024-12-31T12:00:00Z", "2025-01-01T12:00:00Z", "2024-12-31T12:00:00Z"},
        {"0 0 0 1 JAN,JUL *", "2038-01-19T03:14:08Z", "2038-07-01T00:00:00Z", "2038-01-01T00:00:00Z"},
    };
    for (const Case& one : cases) {
        const auto cron = CronExpression::parse(one.cron);
        ASSERT_TRUE(cron) << one.cron << ": " << cron.error().message();
        EXPECT_EQ(cron->next_after(utc(one.from)), utc(one.next)) << one.cron << " after " << one.from;
        EXPECT_EQ(cron->last_at_or_before(utc(one.from)), utc(one.last)) << one.cron << " before " << one.from;
    }
}

TEST(CronExpression, NeverComesWhereThereIsNoSuchDay) {
    const auto cron = CronExpression::parse("0 0 0 30 2 ?");
    ASSERT_TRUE(cron);
    EXPECT_FALSE(cron->next_after(0));
    EXPECT_FALSE(cron->last_at_or_before(utc("2024-05-05T05:05:05Z")));
    EXPECT_FALSE(CronExpression::parse("0 0 0 1 1 *")->next_after(253'402'300'799));
    EXPECT_FALSE(CronExpression::parse("* * * * * *")->next_after(-5));
}

TEST(CronExpression, RefusesWhatIsNone) {
    for (const char* text : {"",
                             "* * * * *",
                             "* * * * * * *",
                             "60 * * * * *",
                             "* 60 * * * *",
                             "* * 24 * * *",
                             "* * * 0 * *",
                             "* * * 32 * *",
                             "* * * * 0 *",
                             "* * * * 13 *",
                             "* * * * * 8",
                             "* * * * * MO",
                             "* * * * JANUARY *",
                             "*/0 * * * * *",
                             "*/ * * * * *",
                             "/5 * * * * *",
                             "1- * * * * *",
                             "-1 * * * * *",
                             "1,,2 * * * * *",
                             "1, * * * * *",
                             ",1 * * * * *",
                             "+1 * * * * *",
                             "1-2-3 * * * * *",
                             "1/2/3 * * * * *",
                             "* * * L * *",
                             "*/99999999999 * * * * *",
                             "99999999999 * * * * *"})
        EXPECT_FALSE(CronExpression::parse(text)) << text;
    EXPECT_FALSE(CronExpression::parse(std::string(10'000, '*')));
    const auto wrong = CronExpression::parse("0 0 25 * * *");
    EXPECT_EQ(wrong.error().message(), "hours: '25' is not within 0-23");
}

TEST(CronExpression, GoingForwardsAndBackwardsMeetsTheSameMoments) {
    for (const char* text : {"*/7 3-50/9 */5 * * *", "0 0 0 31 * *", "30 15 2 ? 3-11/4 SUN", "1 2 3 4 5 6"}) {
        const auto cron = CronExpression::parse(text);
        ASSERT_TRUE(cron);
        std::int64_t at = utc("2023-12-31T23:59:59Z");
        for (int i = 0; i < 40; ++i) {
            const auto next = cron->next_after(at);
            ASSERT_TRUE(next);
            EXPECT_GT(*next, at);
            EXPECT_EQ(cron->last_at_or_before(*next), *next);
            EXPECT_EQ(i > 0 ? cron->last_at_or_before(*next - 1) : at, at);
            at = *next;
        }
    }
}

TEST(ScheduleExpression, IsOnceOrAgainAndAgain) {
    const auto once = ScheduleExpression::parse("at(2020-10-10T10:10:10Z)");
    ASSERT_TRUE(once);
    EXPECT_EQ(once->next_after(1602324609), 1602324610);
    EXPECT_FALSE(once->next_after(1602324610));
    EXPECT_EQ(once->last_at_or_before(1602324610), 1602324610);
    EXPECT_FALSE(once->last_at_or_before(1602324609));
    EXPECT_EQ(ScheduleExpression::parse("cron(0 */30 * * * *)")->next_after(0), 1800);
    for (const char* text :
         {"", "at()", "at(2020-10-10)", "cron()", "cron(* * * * *)", "rate(5)", "at(2020-10-10T10:10:10Z", "cron"})
        EXPECT_FALSE(ScheduleExpression::parse(text)) << text;
    EXPECT_EQ(ScheduleExpression::parse("every day").error().doing,
              "The ScheduleExpression should be atTime or cron expression (example: ['at(2020-10-10T10:10:10Z)', "
              "'cron(0 */30 * "
              "* * *)'], actual: 'every day')");
}

}  // namespace
}  // namespace hotcell::schedule
