#include "engine/api/routes/proxy.h"

#include <algorithm>

#include "engine/api/body_pipe.h"
#include "engine/api/limits.h"
#include "engine/api/routes/call_headers.h"
#include "engine/api/routes/call_routes.h"
#include "engine/api/routes/proxy_headers.h"
#include "engine/api/wire/names.h"
#include "engine/api/wire/query.h"

namespace hotcell::api {

namespace {

struct Target {
    FunctionReference function;
    std::string base;  // "/2016-08-15/proxy/s/f/"
    std::string path;  // what follows, with its '/'
};

std::unexpected<Error> refuse(ErrorKind kind, std::string code, std::string words) {
    return std::unexpected(Error{kind, 0, std::move(words), {}, std::move(code)});
}

Result<std::string> decoded(std::string_view segment) {
    auto text = percent_decode(segment);
    if (!text)
        return fail(ErrorKind::InvalidArgument,
                    "path: '%' is followed by two hexadecimal digits, not " + quote(segment));
    return std::move(*text);
}

/// `path` is one for which is_proxy_path() holds.
Result<Target> read_target(std::string_view path) {
    const std::size_t service_at = path.find("/proxy/") + 7;
    const auto service_end = std::min(path.find('/', service_at), path.size());
    const auto function_at = std::min(service_end + 1, path.size());
    const auto function_end = std::min(path.find('/', function_at), path.size());
    const auto service_text = TRY(decoded(path.substr(service_at, service_end - service_at)));
    auto service = TRY(read_qualified_service(service_text));
    Target target;
    target.function.service = std::move(service.service);
    target.function.qualifier = std::move(service.qualifier);
    const auto function_text = TRY(decoded(path.substr(function_at, function_end - function_at)));
    target.function.function = TRY(read_function_name(function_text));
    target.base = std::string(path.substr(0, function_end)) + "/";
    target.path = path.substr(function_end);
    if (target.path.empty()) target.path = "/";
    return target;
}

bool is_latest(std::string_view qualifier) { return qualifier.empty() || qualifier == kLatest; }

/// A function has one HTTP trigger for a qualifier at most.
Result<HttpTrigger> trigger_of(const Catalog& catalog, const FunctionReference& function) {
    PageRequest page;
    page.limit = 100;
    for (const Trigger& one : TRY(catalog.list_triggers(function.service, function.function, page)).items) {
        const bool same =
            one.qualifier == function.qualifier || (is_latest(one.qualifier) && is_latest(function.qualifier));
        if (one.type == "http" && same) return one.http;
    }
    return refuse(ErrorKind::NotFound, "TriggerNotFound",
                  "function '" + function.function + "' of service '" + function.service +
                      "' has no HTTP trigger for '" +
                      (function.qualifier.empty() ? std::string(kLatest) : function.qualifier) + "'");
}

Result<> let_in(const Request& request, const HttpTrigger& trigger) {
    if (std::ranges::find(trigger.methods, request.method) == trigger.methods.end())
        return refuse(ErrorKind::InvalidArgument, "AccessDenied",
                      "method " + quote(request.method) + " is not one of the trigger's methods");
    if (trigger.auth_type == "anonymous" || request.caller.kind != Caller::Kind::Nobody) return {};
    return refuse(ErrorKind::InvalidArgument, "MissingRequiredHeader",
                  "required HTTP header Authorization was not specified");
}

/// Of an answer that has gone to the client as it came.
bool is_whole(const Result<InvokeReport>& report) {
    return report && (report->outcome == InvokeOutcome::Succeeded || report->outcome == InvokeOutcome::HandledError);
}

InvokeRequest call_of(Request& request, Target target) {
    InvokeRequest call;
    call.http = http_call_of(request, std::move(target.base), std::move(target.path));
    call.service = std::move(target.function.service);
    call.qualifier = std::move(target.function.qualifier);
    call.function = std::move(target.function.function);
    call.event = std::move(request.body);
    call.request_id = request.id;
    return call;
}

/// Nobody waits for what the function answers: no other protocol is gone over to.
Result<> start_async(const Services& services, Request& request, Target target, const Respond& respond) {
    AsyncRequest async = TRY(read_async_headers(request));
    async.call = call_of(request, std::move(target));
    async.call.http->upgrade.clear();
    accept(*services.calls, std::move(async), [respond](Response response) {
        respond(response.status < 400 ? std::move(response) : refusal(std::move(response)));
    });
    return {};
}

Result<> start(const Services& services, Request& request, const Respond& respond) {
    TRY(request.caller.body.check(request.body));
    TRY(check_limits(request));
    auto target = TRY(read_target(request.path));
    const HttpTrigger trigger = TRY(trigger_of(*services.catalog, target.function));
    if (is_preflight(request, trigger)) {
        respond(answer_preflight(request, trigger));
        return {};
    }
    TRY(let_in(request, trigger));
    if (request.header("x-fc-invocation-type") == "Async")
        return start_async(services, request, std::move(target), respond);
    const bool log_tail = TRY(wants_log_tail(request));
    InvokeRequest call = call_of(request, std::move(target));
    call.log_tail = log_tail;
    auto origin = std::string(request.header("origin"));
    auto pipe = std::make_shared<BodyPipe>([respond, origin](InvokeReport so_far, std::shared_ptr<BodyPipe> self) {
        Response response = head_of(so_far, origin);
        response.pipe = std::move(self);
        respond(std::move(response));
    });
    if (request.method != "HEAD") call.stream = pipe;
    const auto number = services.calls->invoke(std::move(call), [respond, pipe, origin = std::move(origin), log_tail,
                                                                 id = request.id](Result<InvokeReport> report) {
        if (pipe->has_begun()) return pipe->end(is_whole(report));
        respond(report ? response_of(*report, log_tail, origin) : refusal(fc_error_response(report.error(), id)));
    });
    end_with_client(*services.calls, request, number);
    return {};
}

}  // namespace

void call_http_function(const Services& services, Request request, Respond respond) {
    if (auto started = start(services, request, respond); !started)
        respond(refusal(fc_error_response(started.error(), request.id)));
}

}  // namespace hotcell::api
