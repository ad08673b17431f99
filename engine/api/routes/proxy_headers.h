// What passes between a client and an HTTP function, and what belongs to the platform.
//
// To the function: everything but x-fc-…, what concerns the connection only, and an Authorization that was meant for the engine.
// To the client: everything but x-fc-…, what frames the message and says who serves it. Cross-origin requests are allowed as
// Function Compute allows them, unless the function says it itself.
// Threads: functions of their arguments.
#pragma once

#include <string>
#include <string_view>

#include "engine/api/message.h"
#include "hotcell/catalog.h"
#include "hotcell/error.h"
#include "hotcell/invocation.h"

namespace hotcell::api {

inline constexpr std::size_t kMostHttpTarget = 4 << 10;   // path and query
inline constexpr std::size_t kMostHttpHeaders = 8 << 10;  // names and values together

/// InvalidArgument, naming limit and size.
Result<> check_limits(const Request& request);

/// `base` and `path` are the parts of the request's path.
HttpCall http_call_of(const Request& request, std::string base, std::string path);

/// The protocol that the client asks to go over to; empty: none.
std::string_view upgrade_of(const Request& request);

/// Of an answer that comes in pieces, or of a 101: its head, with what is known of the call by then.
Response head_of(InvokeReport& so_far, std::string_view origin);

/// A function that failed is a 502 with its error document. `origin` is the request's header.
Response response_of(InvokeReport& report, bool log_tail, std::string_view origin);

/// An OPTIONS request that asks for another origin and that the trigger leaves to the platform.
bool is_preflight(const Request& request, const HttpTrigger& trigger);
Response answer_preflight(const Request& request, const HttpTrigger& trigger);

/// The same, marked as the platform's.
Response refusal(Response response);

}  // namespace hotcell::api
