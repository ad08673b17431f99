#include "engine/schedule/schedule_expression.h"

#include <charconv>
#include <chrono>
#include <string>

namespace hotcell::schedule {

namespace {

std::optional<int> read_digits(std::string_view text, std::size_t at, std::size_t count) {
    int value = 0;
    for (const char c : text.substr(at, count)) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + (c - '0');
    }
    return value;
}

}  // namespace

std::optional<std::int64_t> parse_utc(std::string_view text) {
    if (text.size() != 20) return std::nullopt;
    for (const auto& [at, mark] : {std::pair{4, '-'}, {7, '-'}, {10, 'T'}, {13, ':'}, {16, ':'}, {19, 'Z'}})
        if (text[static_cast<std::size_t>(at)] != mark) return std::nullopt;
    const auto year = read_digits(text, 0, 4), month = read_digits(text, 5, 2), day = read_digits(text, 8, 2);
    const auto hour = read_digits(text, 11, 2), minute = read_digits(text, 14, 2), second = read_digits(text, 17, 2);
    if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok() || *year < 1970 || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
    const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
    return days * 86400 + *hour * 3600 + *minute * 60 + *second;
}

Result<ScheduleExpression> ScheduleExpression::parse(std::string_view text) {
    const auto inside = [&](std::string_view word) -> std::optional<std::string_view> {
        if (!text.starts_with(word) || !text.ends_with(')')) return std::nullopt;
        return text.substr(word.size(), text.size() - word.size() - 1);
    };
    if (const auto time = inside("at("))
        if (const auto at = parse_utc(*time)) return ScheduleExpression(*at);
    if (const auto cron = inside("cron(")) {
        auto parsed = CronExpression::parse(*cron);
        if (parsed) return ScheduleExpression(std::move(*parsed));
    }
    return fail(ErrorKind::InvalidArgument,
                "The ScheduleExpression should be atTime or cron expression (example: ['at(2020-10-10T10:10:10Z)', "
                "'cron(0 */30 * * * *)'], actual: '" +
                    std::string(text.substr(0, 512)) + "')");
}

std::optional<std::int64_t> ScheduleExpression::next_after(std::int64_t unix_s) const {
    if (const auto* cron = std::get_if<CronExpression>(&when_)) return cron->next_after(unix_s);
    const std::int64_t at = std::get<std::int64_t>(when_);
    return at > unix_s ? std::optional(at) : std::nullopt;
}

std::optional<std::int64_t> ScheduleExpression::last_at_or_before(std::int64_t unix_s) const {
    if (const auto* cron = std::get_if<CronExpression>(&when_)) return cron->last_at_or_before(unix_s);
    const std::int64_t at = std::get<std::int64_t>(when_);
    return at <= unix_s ? std::optional(at) : std::nullopt;
}

}  // namespace hotcell::schedule
