// What a destination is told of an asynchronous call that has ended, in Function Compute's shape. Pure.
#pragma once

#include <string>

#include "engine/dispatch/async/call.h"

namespace hotcell::dispatch::async {

/// {"timestamp", "requestContext", "requestPayload", "responseContext", "responsePayload"}. Payloads are strings: what is not
/// UTF-8 in them becomes U+FFFD.
std::string destination_payload(const Call& call, const Outcome& outcome, std::int64_t now_ms);

}  // namespace hotcell::dispatch::async
