// The engine itself: whether it lives and is ready, its runtimes and figures.
#include "engine/api/routes/call_routes.h"
#include "engine/api/wire/invocation_json.h"
#include "engine/api/wire/json.h"

namespace hotcell::api {

Result<Response> list_runtimes(const Services& services, Request&) {
    return document(json_of(services.calls->runtimes()));
}

Result<Response> get_metrics(const Services& services, Request&) {
    return Response{.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = services.calls->metrics()};
}

void answer_health(const Services&, Request, Respond respond) { respond({.body = json_of({{"status", "alive"}})}); }

void answer_ready(const Services& services, Request request, Respond respond) {
    if (services.run.is_ready()) return respond({.body = json_of({{"status", "ready"}})});
    respond(error_response(503, "NotReady", "the pools are not filled yet, or the privileged helper is gone",
                           "GET /v1/engine shows the pools", request.id));
}

void answer_version(const Services& services, Request, Respond respond) {
    respond({.body = json_of({{"name", "hotcell"}, {"version", services.run.describe().version}, {"api", "v1"}})});
}

void answer_engine(const Services& services, Request, Respond respond) {
    respond({.body = json_of(services.run.describe())});
}

}  // namespace hotcell::api
