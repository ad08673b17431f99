// What functions wrote, at once or when there is something new.
#include "engine/api/routes/call_routes.h"
#include "engine/api/wire/log_json.h"

namespace hotcell::api {

Result<> get_logs(CallService& service, Request& request, const Respond& respond) {
    auto wanted = TRY(read_log_request(request.query));
    service.logs(std::move(wanted.query), wanted.wait,
                 [respond](const LogPage& page) { respond(document(json_of(page))); });
    return {};
}

}  // namespace hotcell::api
