// Asynchronous calls: accepted with 202 once they are on the disk; the stateful ones looked up, listed and stopped.
#include "engine/api/routes/call_routes.h"
#include "engine/api/routes/reply.h"
#include "engine/api/routes/target.h"
#include "engine/api/wire/async_json.h"
#include "engine/api/wire/query.h"

namespace hotcell::api {

namespace {

constexpr std::uint64_t kLongestDelay = 3600;

}  // namespace

Result<AsyncRequest> read_async_headers(const Request& request) {
    AsyncRequest async;
    const auto log = request.header("x-fc-log-type");
    if (!log.empty() && log != "None") return refuse_value("LogType", "None", log);
    const auto enable = request.header("x-fc-stateful-async-invocation-enable");
    if (!enable.empty() && enable != "true" && enable != "false")
        return refuse_value("StatefulAsyncInvocationEnable", "true, false", enable);
    async.stateful = enable == "true";
    async.invocation_id = request.header("x-fc-stateful-async-invocation-id");
    if (const auto delay = request.header("x-fc-async-delay"); !delay.empty())
        async.delay_s = static_cast<std::uint32_t>(TRY(parse_count("AsyncDelay", delay, 0, kLongestDelay)));
    return async;
}

void accept(CallService& service, AsyncRequest async, const Respond& respond) {
    const std::string id = async.call.request_id;
    service.invoke_async(std::move(async), [respond, id](const Result<AsyncAccepted>& accepted) {
        if (!accepted) return respond(fc_error_response(accepted.error(), id));
        respond({.status = 202, .headers = {{"X-Fc-Stateful-Async-Invocation-Id", accepted->invocation_id}}});
    });
}

Result<> invoke_async(CallService& service, Request& request, const Respond& respond) {
    AsyncRequest async = TRY(read_async_headers(request));
    auto target = TRY(target_of(request));
    async.call.service = std::move(target.service);
    async.call.qualifier = std::move(target.qualifier);
    async.call.function = std::move(target.function);
    async.call.event = std::move(request.body);
    async.call.request_id = request.id;
    accept(service, std::move(async), respond);
    return {};
}

Result<> get_async_invocation(CallService& service, Request& request, const Respond& respond) {
    service.async_invocation(TRY(target_of(request)), request.names[2],
                             [respond, id = request.id](const Result<AsyncRecord>& record) {
                                 respond(record ? document(json_of(*record)) : fc_error_response(record.error(), id));
                             });
    return {};
}

Result<> list_async_invocations(CallService& service, Request& request, const Respond& respond) {
    auto wanted = TRY(read_async_list(request.query));
    service.async_invocations(TRY(target_of(request)), std::move(wanted),
                              [respond, id = request.id](const Result<Page<AsyncRecord>>& page) {
                                  respond(page ? document(json_of(*page)) : fc_error_response(page.error(), id));
                              });
    return {};
}

Result<> stop_async_invocation(CallService& service, Request& request, const Respond& respond) {
    service.stop_async(TRY(target_of(request)), request.names[2], [respond, id = request.id](const Result<>& stopped) {
        respond(stopped ? nothing() : fc_error_response(stopped.error(), id));
    });
    return {};
}

}  // namespace hotcell::api
