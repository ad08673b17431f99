// Figures for a scraper.
#include "engine/api/routes/function_routes.h"
#include "engine/api/routes/reply.h"

namespace hotcell::api {

Result<> get_metrics(FunctionService& service, Request&, const Respond& respond) {
    respond({.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = service.metrics()});
    return {};
}

}  // namespace hotcell::api
