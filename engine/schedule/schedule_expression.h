// "at(2020-10-10T10:10:10Z)" or "cron(0 */30 * * * *)": once, or again and again. Pure, UTC.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "engine/base/result.h"
#include "engine/schedule/cron_expression.h"

namespace hotcell::schedule {

/// Seconds since 1970 of "2020-10-10T10:10:10Z", exactly that form.
std::optional<std::int64_t> parse_utc(std::string_view text);

class ScheduleExpression {
public:
    static Result<ScheduleExpression> parse(std::string_view text);

    std::optional<std::int64_t> next_after(std::int64_t unix_s) const;
    std::optional<std::int64_t> last_at_or_before(std::int64_t unix_s) const;

private:
    explicit ScheduleExpression(std::variant<std::int64_t, CronExpression> when) : when_(std::move(when)) {}
    std::variant<std::int64_t, CronExpression> when_;
};

}  // namespace hotcell::schedule
