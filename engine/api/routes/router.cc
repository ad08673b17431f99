#include "engine/api/routes/router.h"

#include <array>
#include <memory>

#include "engine/api/limits.h"
#include "engine/api/routes/run_route.h"
#include "engine/api/wire/json.h"

namespace hotcell::api {

namespace {

void answer_health(RunService&, Request, const Respond& respond) { respond({.body = json_of({{"status", "alive"}})}); }

void answer_ready(RunService& service, Request request, const Respond& respond) {
    if (service.is_ready()) return respond({.body = json_of({{"status", "ready"}})});
    respond(error_response(503, "NotReady", "the pools are not filled yet, or the privileged helper is gone",
                           "GET /v1/engine shows the pools", request.id));
}

void answer_version(RunService& service, Request, const Respond& respond) {
    respond({.body = json_of({{"name", "hotcell"}, {"version", service.describe().version}, {"api", "v1"}})});
}

void answer_engine(RunService& service, Request, const Respond& respond) {
    respond({.body = json_of(service.describe())});
}

struct Route {
    std::string_view method;
    std::string_view path;
    std::size_t body_limit;
    void (*answer)(RunService&, Request, const Respond&);
};
constexpr std::array<Route, 5> kRoutes{{
    {"GET", "/healthz", 0, answer_health},
    {"GET", "/readyz", 0, answer_ready},
    {"GET", "/version", 0, answer_version},
    {"GET", "/v1/engine", 0, answer_engine},
    {"POST", "/v1/run", kMaxBody.count, answer_run},
}};

}  // namespace

void Router::handle(Request request, Respond respond) const {
    std::string allowed;
    for (const Route& route : kRoutes) {
        if (route.path != request.path) continue;
        if (route.method == request.method) return route.answer(service_, std::move(request), respond);
        allowed += (allowed.empty() ? "" : ", ") + std::string(route.method);
    }
    if (allowed.empty())
        return respond(error_response(404, "NotFound", "path: no route of that name",
                                      "docs/api/openapi.yaml lists them", request.id));
    auto response = error_response(405, "MethodNotAllowed", "method: this path answers " + allowed, "", request.id);
    response.headers.emplace_back("Allow", allowed);
    respond(std::move(response));
}

std::optional<std::size_t> Router::body_limit(const std::string& method, const std::string& path) const {
    for (const Route& route : kRoutes)
        if (route.path == path && route.method == method) return route.body_limit;
    return std::nullopt;
}

Response error_response(unsigned status, std::string_view code, std::string_view message, std::string_view hint,
                        std::string_view request_id) {
    return {.status = status, .body = json_of_error(code, message, hint, request_id)};
}

Response error_response(const Error& error, std::string_view request_id) {
    unsigned status = 500;
    switch (error.kind) {
        case ErrorKind::InvalidArgument: status = 400; break;
        case ErrorKind::NotFound: status = 404; break;
        case ErrorKind::Conflict: status = 409; break;
        case ErrorKind::Exhausted: status = 429; break;
        case ErrorKind::TimedOut: status = 504; break;
        case ErrorKind::Kernel:
        case ErrorKind::Broken: status = 500; break;
    }
    Error without_hint = error;
    without_hint.hint.clear();
    auto response = error_response(status, name_of(error.kind), without_hint.message(), error.hint, request_id);
    if (status == 429) response.headers.emplace_back("Retry-After", "1");
    return response;
}

}  // namespace hotcell::api
