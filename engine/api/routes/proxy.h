// HTTP functions: ANY /2016-08-15/proxy/{service}[.{qualifier}]/{function}/{path…}, and the same in the other tree.
//
// Here: which trigger lets the request in, and what of it the function gets to see, what of the function's answer the client.
// Not here: whose signature it is (server/access.h), how a function is called (embed, dispatch).
// Fuzzed: tests/fuzz/routes.cc.
#pragma once

#include <string_view>

#include "engine/api/message.h"
#include "engine/api/routes/route.h"

namespace hotcell::api {

/// Answers by itself, whoever the caller is: the trigger says who may call. Refusals carry "X-Fc-Error-Type: FcCommonError".
void call_http_function(const Services& services, Request request, Respond respond);

}  // namespace hotcell::api
