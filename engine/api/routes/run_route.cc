#include "engine/api/routes/run_route.h"

#include "engine/api/routes/call_headers.h"
#include "engine/api/routes/server_timing.h"
#include "engine/api/wire/json.h"
#include "engine/api/wire/multipart.h"
#include "engine/api/wire/run_request.h"

namespace hotcell::api {

namespace {

Response respond_with(const RunReport& report) {
    Response response{.body = json_of(report)};
    response.headers.add("X-Request-Id", report.request_id);
    response.headers.add("Server-Timing", server_timing(report.phases, report.total));
    return response;
}

}  // namespace

void answer_run(const Services& services, Request request, Respond respond) {
    if (auto same = request.caller.body.check(request.body); !same)
        return respond(error_response(same.error(), request.id));
    if (auto boundary = boundary_of(request.content_type); !boundary) {
        auto response = error_response(boundary.error(), request.id);
        response.status = 415;
        return respond(std::move(response));
    }
    auto wanted = read_run_request(request.query, request.content_type, request.body);
    if (!wanted) return respond(error_response(wanted.error(), request.id));
    request.body = {};
    const auto number = services.run.run(std::move(*wanted), [respond, id = request.id](Result<RunReport> report) {
        respond(report ? respond_with(*report) : error_response(report.error(), id));
    });
    end_with_client(services.run, request, number);
}

}  // namespace hotcell::api
