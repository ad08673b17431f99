// A call's report or refusal as the end of an attempt. Pure.
#pragma once

#include "engine/base/result.h"
#include "engine/dispatch/async/call.h"
#include "hotcell/invocation.h"

namespace hotcell::dispatch::async {

Outcome outcome_of(Result<InvokeReport> result);
/// One with a message only.
Outcome saying(std::string message);
/// Of a call that has waited for too long.
Outcome expired(std::uint32_t most_age_s);

}  // namespace hotcell::dispatch::async
