// libFuzzer target: schedule expressions from arbitrary text. What it must hold: what is accepted names moments in order, and
// looking back from one finds it.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "engine/schedule/schedule_expression.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const bool whole : {true, false}) {
        if (!whole && !hotcell::schedule::CronExpression::parse(text)) continue;
        const auto parsed =
            hotcell::schedule::ScheduleExpression::parse(whole ? std::string(text) : "cron(" + std::string(text) + ")");
        if (!parsed && !whole) std::abort();
        if (!parsed) continue;
        std::int64_t at = 1'700'000'000;
        for (int i = 0; i < 4; ++i) {
            const auto next = parsed->next_after(at);
            if (!next) break;
            if (*next <= at || parsed->last_at_or_before(*next) != *next) std::abort();
            const auto before = parsed->last_at_or_before(*next - 1);
            if (before && *before > at) std::abort();
            at = *next;
        }
    }
    return 0;
}
