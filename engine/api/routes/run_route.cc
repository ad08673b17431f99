#include "engine/api/routes/run_route.h"

#include <fmt/format.h>

#include "engine/api/routes/router.h"
#include "engine/api/wire/json.h"
#include "engine/api/wire/multipart.h"
#include "engine/api/wire/run_request.h"

namespace hotcell::api {

namespace {

Response respond_with(const RunReport& report) {
    Response response{.body = json_of(report)};
    response.headers.emplace_back("X-Request-Id", report.request_id);
    response.headers.emplace_back("Server-Timing", server_timing(report));
    return response;
}

}  // namespace

std::string server_timing(const RunReport& report) {
    std::string out;
    for (const Phase& phase : report.phases) {
        if (phase.name.find('.') != std::string::npos) continue;
        out += fmt::format("{};dur={:.3f}, ", phase.name, static_cast<double>(phase.duration.count()) / 1e6);
    }
    return out + fmt::format("total;dur={:.3f}", static_cast<double>(report.total.count()) / 1e6);
}

void answer_run(RunService& service, Request request, const Respond& respond) {
    if (auto boundary = boundary_of(request.content_type); !boundary) {
        auto response = error_response(boundary.error(), request.id);
        response.status = 415;
        return respond(std::move(response));
    }
    auto wanted = read_run_request(request.query, request.content_type, request.body);
    if (!wanted) return respond(error_response(wanted.error(), request.id));
    request.body = {};
    service.run(std::move(*wanted), [respond, id = request.id](Result<RunReport> report) {
        respond(report ? respond_with(*report) : error_response(report.error(), id));
    });
}

}  // namespace hotcell::api
