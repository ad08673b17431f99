// What becomes of an asynchronous call after an attempt. Pure: times in, verdict out. All times in ms on one timeline.
//
// An error of the function is tried again as often as its configuration says. An attempt that found no room, or no environment
// that would start, is the platform's failure: tried again until the event is too old. Both wait 0.5, 1, 2, 4 … s, five minutes
// at most. Source: Function Compute 2.0, asynchronous invocation.
#pragma once

#include <cstdint>

namespace hotcell::dispatch::async {

struct RetryRules {
    std::uint32_t most_retries = 3;  // after errors of the function
    std::uint32_t most_age_s = 86400;
};

enum class Ending : std::uint8_t {
    Succeeded,
    FunctionError,  // the code failed, ran out of time or memory, or could not be initialized
    NoRoom,         // no environment could be had now: 429, 500, 503
    Impossible,     // it will never be possible: the function is gone, the request is out of rule
    CutShort,       // the engine ended it, because it closes
};

/// How often an attempt has ended so, with the one that has just ended.
struct Tries {
    std::uint32_t function_errors = 0;
    std::uint32_t system_errors = 0;
};

struct Verdict {
    enum class Kind : std::uint8_t { Succeed, Fail, Expire, Retry } kind;
    std::int64_t due_ms = 0;  // of a retry
};

/// The nth wait, from 1.
std::int64_t back_off_ms(std::uint32_t nth);
std::int64_t expires_ms(std::int64_t accepted_ms, const RetryRules& rules);
inline bool is_expired(std::int64_t accepted_ms, std::int64_t now_ms, const RetryRules& rules) {
    return now_ms >= expires_ms(accepted_ms, rules);
}
Verdict after_attempt(Ending ending, const Tries& tries, std::int64_t accepted_ms, std::int64_t now_ms,
                      const RetryRules& rules);

}  // namespace hotcell::dispatch::async
