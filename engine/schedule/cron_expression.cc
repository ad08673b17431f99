#include "engine/schedule/cron_expression.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <chrono>
#include <span>

namespace hotcell::schedule {

namespace {

constexpr std::int64_t kDay = 86400;
constexpr int kFarthestDays = 8 * 366 + 1;                   // a 29 February comes at least every eight years
constexpr std::int64_t kFirst = 0, kLast = 253'402'300'799;  // 1970 to 9999
constexpr std::size_t kLongest = 512;

constexpr std::array<std::string_view, 12> kMonths = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                      "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> kWeekdays = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};

struct Field {
    std::string_view name;
    int least;
    int most;  // 7 of the day of the week is 0
    std::span<const std::string_view> names{};
    int first = 0;  // of the names, and of "*"
};
constexpr Field kFields[] = {{"seconds", 0, 59},
                             {"minutes", 0, 59},
                             {"hours", 0, 23},
                             {"day of the month", 1, 31, {}, 1},
                             {"month", 1, 12, kMonths, 1},
                             {"day of the week", 0, 7, kWeekdays}};

std::unexpected<Error> wrong(const Field& field, std::string_view text) {
    return fail(ErrorKind::InvalidArgument, std::string(field.name) + ": '" + std::string(text) + "' is not within " +
                                                std::to_string(field.least) + "-" + std::to_string(field.most));
}

bool is_same_word(std::string_view text, std::string_view word) {
    return std::ranges::equal(text, word,
                              [](char a, char b) { return (a >= 'a' && a <= 'z' ? a - 'a' + 'A' : a) == b; });
}

Result<int> read_value(const Field& field, std::string_view text) {
    for (std::size_t i = 0; i < field.names.size(); ++i)
        if (is_same_word(text, field.names[i])) return static_cast<int>(i) + field.first;
    int value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc{} || end != text.data() + text.size() || value < field.least || value > field.most)
        return wrong(field, text);
    return value;
}

std::string_view cut(std::string_view& rest, char separator) {
    const auto place = std::min(rest.find(separator), rest.size());
    const std::string_view part = rest.substr(0, place);
    rest.remove_prefix(std::min(place + 1, rest.size()));
    return part;
}

/// "a", "a-b", "*", "?", each with "/step" or without, as bits.
Result<std::uint64_t> read_part(const Field& field, std::string_view text) {
    const bool stepped = text.find('/') != text.npos;
    std::string_view step_text = text;
    std::string_view range = cut(step_text, '/');
    int step = 1;
    if (stepped) {
        const auto [end, failed] = std::from_chars(step_text.data(), step_text.data() + step_text.size(), step);
        if (failed != std::errc{} || end != step_text.data() + step_text.size() || step < 1 || step > field.most)
            return wrong(field, text);
    }
    int from = field.names.empty() ? field.first : 1, to = field.most;  // a week begins on Monday
    if (range != "*" && range != "?") {
        const bool is_range = range.find('-') != range.npos;
        from = TRY(read_value(field, cut(range, '-')));
        to = is_range ? TRY(read_value(field, range)) : stepped ? field.most : from;
    }
    // a range that ends before it begins runs over the end
    const int count = field.most - field.least + 1;
    std::uint64_t bits = 0;
    for (int i = 0, n = (to - from + count) % count; i <= n; i += step)
        bits |= 1ull << (field.least + (from - field.least + i) % count);
    return bits;
}

Result<std::uint64_t> read_field(const Field& field, std::string_view text) {
    std::uint64_t bits = 0;
    do bits |= TRY(read_part(field, cut(text, ',')));
    while (!text.empty());
    return bits;
}

/// The lowest bit at `from` or above; -1: none.
int lowest(std::uint64_t bits, int from) {
    bits = from > 63 ? 0 : bits >> from << from;
    return bits == 0 ? -1 : std::countr_zero(bits);
}
int highest(std::uint64_t bits, int to) {
    bits = to < 0 ? 0 : bits << (63 - to) >> (63 - to);
    return bits == 0 ? -1 : 63 - std::countl_zero(bits);
}

}  // namespace

Result<CronExpression> CronExpression::parse(std::string_view text) {
    if (text.size() > kLongest) return fail(ErrorKind::InvalidArgument, "a cron expression has at most 512 characters");
    std::array<std::string_view, 6> fields;
    std::size_t count = 0;
    for (std::string_view rest = text; !rest.empty();) {
        const std::string_view field = cut(rest, ' ');
        if (field.empty()) continue;
        if (count == fields.size())
            return fail(ErrorKind::InvalidArgument, "a cron expression has six fields, not more");
        fields[count++] = field;
    }
    if (count != fields.size())
        return fail(ErrorKind::InvalidArgument, "a cron expression has six fields, not " + std::to_string(count));
    for (const std::string_view field : fields)
        if (field.ends_with(',')) return fail(ErrorKind::InvalidArgument, "a list ends with a value, not with a comma");
    CronExpression cron;
    std::uint64_t* const bits[] = {&cron.seconds_, &cron.minutes_, &cron.hours_,
                                   &cron.days_,    &cron.months_,  &cron.weekdays_};
    for (std::size_t i = 0; i < fields.size(); ++i) *bits[i] = TRY(read_field(kFields[i], fields[i]));
    if ((cron.weekdays_ & 1u << 7) != 0) cron.weekdays_ = (cron.weekdays_ | 1u) & 0x7f;
    cron.any_day_ = std::popcount(cron.days_) == 31;
    cron.any_weekday_ = std::popcount(cron.weekdays_) == 7;
    return cron;
}

bool CronExpression::fits_day(std::int64_t day) const {
    const std::chrono::sys_days days{std::chrono::days(day)};
    const std::chrono::year_month_day date(days);
    const bool month_day = (days_ >> static_cast<unsigned>(date.day()) & 1) != 0;
    const bool weekday = (weekdays_ >> std::chrono::weekday(days).c_encoding() & 1) != 0;
    if ((months_ >> static_cast<unsigned>(date.month()) & 1) == 0) return false;
    return any_day_ || any_weekday_ ? month_day && weekday : month_day || weekday;
}

/// The first time of day, in seconds, at `from` or later.
std::optional<std::int64_t> CronExpression::first_of_day(std::int64_t from) const {
    const int hour = static_cast<int>(from / 3600), minute = static_cast<int>(from / 60 % 60);
    const auto time = [](int h, int m, int s) { return std::int64_t{h} * 3600 + m * 60 + s; };
    const int first_minute = lowest(minutes_, 0), first_second = lowest(seconds_, 0);
    if ((hours_ >> hour & 1) != 0) {
        if ((minutes_ >> minute & 1) != 0)
            if (const int second = lowest(seconds_, static_cast<int>(from % 60)); second >= 0)
                return time(hour, minute, second);
        if (const int later = lowest(minutes_, minute + 1); later >= 0) return time(hour, later, first_second);
    }
    const int later = lowest(hours_, hour + 1);
    if (later < 0) return std::nullopt;
    return time(later, first_minute, first_second);
}

std::optional<std::int64_t> CronExpression::last_of_day(std::int64_t to) const {
    const int hour = static_cast<int>(to / 3600), minute = static_cast<int>(to / 60 % 60);
    const auto time = [](int h, int m, int s) { return std::int64_t{h} * 3600 + m * 60 + s; };
    const int last_minute = highest(minutes_, 59), last_second = highest(seconds_, 59);
    if ((hours_ >> hour & 1) != 0) {
        if ((minutes_ >> minute & 1) != 0)
            if (const int second = highest(seconds_, static_cast<int>(to % 60)); second >= 0)
                return time(hour, minute, second);
        if (const int before = highest(minutes_, minute - 1); before >= 0) return time(hour, before, last_second);
    }
    const int before = highest(hours_, hour - 1);
    if (before < 0) return std::nullopt;
    return time(before, last_minute, last_second);
}

std::optional<std::int64_t> CronExpression::next_after(std::int64_t unix_s) const {
    if (unix_s < kFirst - 1 || unix_s >= kLast) return std::nullopt;
    std::int64_t day = (unix_s + 1) / kDay, from = (unix_s + 1) % kDay;
    for (int i = 0; i < kFarthestDays; ++i, ++day, from = 0)
        if (fits_day(day))
            if (const auto time = first_of_day(from)) return day * kDay + *time;
    return std::nullopt;
}

std::optional<std::int64_t> CronExpression::last_at_or_before(std::int64_t unix_s) const {
    if (unix_s < kFirst || unix_s > kLast) return std::nullopt;
    std::int64_t day = unix_s / kDay, to = unix_s % kDay;
    for (int i = 0; i < kFarthestDays && day >= 0; ++i, --day, to = kDay - 1)
        if (fits_day(day))
            if (const auto time = last_of_day(to)) return day * kDay + *time;
    return std::nullopt;
}

}  // namespace hotcell::schedule
