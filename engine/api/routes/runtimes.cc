// The runtimes as installed.
#include "engine/api/routes/function_routes.h"
#include "engine/api/routes/reply.h"

namespace hotcell::api {

Result<> list_runtimes(FunctionService& service, Request&, const Respond& respond) {
    respond({.body = json_of(service.runtimes())});
    return {};
}

}  // namespace hotcell::api
