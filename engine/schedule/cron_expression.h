// When something recurs: "0 */30 8-18 ? JAN,JUL MON-FRI", six fields in UTC. Pure.
//
// Seconds, minutes, hours, day of the month, month, day of the week (1 or MON to 7 or SUN; 0 is Sunday, too), each a list of values, ranges
// (a-b, which may run over the end: FRI-MON), "*", "?" or steps of them (*/n, a/n, a-b/n). A day must fit both fields of days, or, where both
// are limited, one of them. Not here: time zones, who is waiting (dispatch/provision; timers). Source: Function Compute 2.0.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace hotcell::schedule {

class CronExpression {
public:
    /// InvalidArgument, naming the field.
    static Result<CronExpression> parse(std::string_view text);

    /// Seconds since 1970. Nothing where none comes within eight years: 30 February.
    std::optional<std::int64_t> next_after(std::int64_t unix_s) const;
    std::optional<std::int64_t> last_at_or_before(std::int64_t unix_s) const;

private:
    bool fits_day(std::int64_t day) const;
    std::optional<std::int64_t> first_of_day(std::int64_t from) const;
    std::optional<std::int64_t> last_of_day(std::int64_t to) const;

    std::uint64_t seconds_ = 0;  // bits of the values that fit
    std::uint64_t minutes_ = 0;
    std::uint64_t hours_ = 0;
    std::uint64_t days_ = 0;
    std::uint64_t months_ = 0;
    std::uint64_t weekdays_ = 0;  // 0: Sunday
    bool any_day_ = false;        // the field does not limit
    bool any_weekday_ = false;
};

}  // namespace hotcell::schedule
