// One call of a function, and what is known of a recent one.
//
// The call is the path that has to be short: one parse of the path, no JSON, the event and the answer moved.
#include <fmt/format.h>

#include <algorithm>

#include "engine/api/routes/call_routes.h"
#include "engine/api/routes/reply.h"
#include "engine/api/routes/server_timing.h"
#include "engine/api/routes/target.h"
#include "engine/api/wire/base64.h"
#include "engine/api/wire/invocation_json.h"
#include "engine/api/wire/query.h"

namespace hotcell::api {

namespace {

constexpr const char* kExposedHeaders =
    "Date,x-fc-request-id,x-fc-error-type,x-fc-code-checksum,x-fc-invocation-duration,x-fc-max-memory-usage,"
    "x-fc-log-result,x-fc-invocation-code-version";

/// Whether the tail of the log is wanted.
Result<bool> read_headers(const Request& request) {
    const auto type = request.header("x-fc-invocation-type");
    const auto log = request.header("x-fc-log-type");
    if (!log.empty() && log != "None" && log != "Tail") return refuse_value("LogType", "None, Tail", log);
    if (type == "Async") {
        if (log == "Tail") return refuse_value("LogType", "None", log);
        return fail(ErrorKind::InvalidArgument, "X-Fc-Invocation-Type: asynchronous calls are not available yet",
                    "call with Sync");
    }
    if (!type.empty() && type != "Sync") return refuse_value("InvocationType", "Sync, Async", type);
    return log == "Tail";
}

Response respond_with(InvokeReport& report, bool log_tail) {
    Response response;
    response.content_type =
        report.outcome == InvokeOutcome::Succeeded ? "application/octet-stream" : "application/json";
    const auto milliseconds = (report.handler.count() + 999'999) / 1'000'000;
    const auto mebibytes = static_cast<double>(report.peak_memory.count) / (1 << 20);
    HeaderFields& headers = response.headers;
    headers.reserve(10);
    if (report.outcome != InvokeOutcome::Succeeded) headers.emplace_back("X-Fc-Error-Type", name_of(report.outcome));
    if (log_tail) headers.emplace_back("X-Fc-Log-Result", base64(report.log_tail));
    headers.emplace_back("X-Fc-Invocation-Duration", std::to_string(milliseconds));
    headers.emplace_back("X-Fc-Max-Memory-Usage", fmt::format("{:.2f}", mebibytes));
    headers.emplace_back("X-Fc-Invocation-Service-Version", std::move(report.version));
    headers.emplace_back("X-Fc-Code-Checksum", std::to_string(report.code_checksum));
    headers.emplace_back("X-Fc-Instance-Id", std::move(report.instance_id));
    headers.emplace_back("Access-Control-Expose-Headers", kExposedHeaders);
    headers.emplace_back("Server-Timing", server_timing(report.phases, report.total));
    response.body = std::move(report.payload);
    return response;
}

}  // namespace

Result<> invoke_function(CallService& service, Request& request, const Respond& respond) {
    auto target = TRY(target_of(request));
    InvokeRequest call;
    call.log_tail = TRY(read_headers(request));
    call.service = std::move(target.service);
    call.qualifier = std::move(target.qualifier);
    call.function = std::move(target.function);
    call.event = std::move(request.body);
    call.request_id = request.id;
    const bool log_tail = call.log_tail;
    service.invoke(std::move(call), [respond, log_tail, id = request.id](Result<InvokeReport> report) {
        respond(report ? respond_with(*report, log_tail) : fc_error_response(report.error(), id));
    });
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
