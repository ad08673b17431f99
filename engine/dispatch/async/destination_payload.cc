#include "engine/dispatch/async/destination_payload.h"

#include <boost/json.hpp>

#include "engine/base/utf8.h"
#include "engine/catalog/rules/destination.h"

namespace hotcell::dispatch::async {

std::string destination_payload(const Call& call, const Outcome& outcome, std::int64_t now_ms) {
    return boost::json::serialize(boost::json::object{
        {"timestamp", now_ms},
        {"requestContext",
         {{"requestId", call.request_id},
          {"functionArn", catalog::arn_of(call.of)},
          {"condition", outcome.condition},
          {"approximateInvokeCount", call.attempts}}},
        {"requestPayload", as_utf8(call.event)},
        {"responseContext", {{"statusCode", outcome.status_code}, {"functionError", outcome.function_error}}},
        {"responsePayload", as_utf8(outcome.payload)},
    });
}

}  // namespace hotcell::dispatch::async
