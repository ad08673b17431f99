#include "engine/dispatch/async/retry_policy.h"

#include <algorithm>

namespace hotcell::dispatch::async {

namespace {

constexpr std::int64_t kFirstWaitMs = 500;
constexpr std::int64_t kLongestWaitMs = 300'000;

}  // namespace

std::int64_t back_off_ms(std::uint32_t nth) {
    // 2^20 times the first wait is beyond the longest
    return std::min(kFirstWaitMs << std::clamp(nth, 1u, 21u) >> 1, kLongestWaitMs);
}

std::int64_t expires_ms(std::int64_t accepted_ms, const RetryRules& rules) {
    return accepted_ms + std::int64_t{rules.most_age_s} * 1000;
}

Verdict after_attempt(Ending ending, const Tries& tries, std::int64_t accepted_ms, std::int64_t now_ms,
                      const RetryRules& rules) {
    using enum Verdict::Kind;
    // what waits beyond its end is told then, not when the wait is over
    const auto retry_in = [&](std::int64_t wait) {
        return Verdict{Retry, std::min(now_ms + wait, expires_ms(accepted_ms, rules))};
    };
    switch (ending) {
        case Ending::Succeeded: return {Succeed};
        case Ending::Impossible: return {Fail};
        case Ending::CutShort: return {Retry, now_ms};
        case Ending::FunctionError:
            if (tries.function_errors > rules.most_retries) return {Fail};
            if (is_expired(accepted_ms, now_ms, rules)) return {Expire};
            return retry_in(back_off_ms(tries.function_errors));
        case Ending::NoRoom:
            if (is_expired(accepted_ms, now_ms, rules)) return {Expire};
            return retry_in(back_off_ms(tries.system_errors));
    }
    return {Fail};
}

}  // namespace hotcell::dispatch::async
