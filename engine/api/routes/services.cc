// Services: create, list, get, change, delete.
#include "engine/api/routes/function_routes.h"
#include "engine/api/routes/reply.h"
#include "engine/api/wire/function_request.h"

namespace hotcell::api {

Result<> create_service(FunctionService& service, Request& request, const Respond& respond) {
    auto wanted = TRY(read_service(request.body));
    service.create_service(std::move(wanted), reply_with<Service>(respond, request.id));
    return {};
}

Result<> list_services(FunctionService& service, Request& request, const Respond& respond) {
    auto page = TRY(read_page_request(request.query));
    service.list_services(std::move(page), reply_with<Page<Service>>(respond, request.id));
    return {};
}

Result<> get_service(FunctionService& service, Request& request, const Respond& respond) {
    auto name = TRY(read_qualified_service(request.names[0]));
    service.get_service(std::move(name.service), reply_with<Service>(respond, request.id));
    return {};
}

Result<> update_service(FunctionService& service, Request& request, const Respond& respond) {
    auto name = TRY(read_service_name(request.names[0]));
    auto change = TRY(read_service_change(request.body));
    service.update_service(std::move(name), std::move(change), if_match_of(request),
                           reply_with<Service>(respond, request.id));
    return {};
}

Result<> delete_service(FunctionService& service, Request& request, const Respond& respond) {
    auto name = TRY(read_service_name(request.names[0]));
    service.delete_service(std::move(name), if_match_of(request), reply_empty(respond, request.id));
    return {};
}

}  // namespace hotcell::api
