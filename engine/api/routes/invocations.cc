// One call of a function, and what is known of a recent one.
//
// The call is the path that has to be short: one parse of the path, no JSON, the event and the answer moved.
#include <algorithm>

#include "engine/api/routes/call_headers.h"
#include "engine/api/routes/call_routes.h"
#include "engine/api/routes/reply.h"
#include "engine/api/routes/target.h"
#include "engine/api/wire/invocation_json.h"
#include "engine/api/wire/query.h"

namespace hotcell::api {

namespace {

Response respond_with(InvokeReport& report, bool log_tail) {
    Response response;
    response.content_type =
        report.outcome == InvokeOutcome::Succeeded ? "application/octet-stream" : "application/json";
    add_report_headers(report, log_tail, response.headers);
    add_exposed(response.headers);
    response.body = std::move(report.payload);
    return response;
}

}  // namespace

Result<> invoke_function(CallService& service, Request& request, const Respond& respond) {
    if (request.header("x-fc-invocation-type") == "Async") return invoke_async(service, request, respond);
    auto target = TRY(target_of(request));
    InvokeRequest call;
    call.log_tail = TRY(wants_log_tail(request));
    call.service = std::move(target.service);
    call.qualifier = std::move(target.qualifier);
    call.function = std::move(target.function);
    call.event = std::move(request.body);
    call.request_id = request.id;
    const bool log_tail = call.log_tail;
    const auto number =
        service.invoke(std::move(call), [respond, log_tail, id = request.id](Result<InvokeReport> report) {
            respond(report ? respond_with(*report, log_tail) : fc_error_response(report.error(), id));
        });
    end_with_client(service, request, number);
    return {};
}

Result<Response> get_invocation(const Services& services, Request& request) {
    const std::string& id = request.names[0];
    const bool good = id.size() == 36 && std::ranges::all_of(id, [](char c) {
                          return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '-';
                      });
    if (!good) return fail(ErrorKind::InvalidArgument, "request id: must be a UUID in lower case, not " + quote(id));
    return document(json_of(TRY(services.calls->invocation(id))));
}

}  // namespace hotcell::api
