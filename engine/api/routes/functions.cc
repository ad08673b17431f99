// Functions: create, list, get, change, delete.
#include "engine/api/routes/function_routes.h"
#include "engine/api/routes/reply.h"
#include "engine/api/wire/function_request.h"

namespace hotcell::api {

namespace {

Result<std::optional<std::uint64_t>> expected_checksum(const Request& request) {
    const auto text = request.header("x-fc-code-checksum");
    if (text.empty()) return std::nullopt;
    return TRY(read_checksum(text));
}

}  // namespace

Result<> create_function(FunctionService& service, Request& request, const Respond& respond) {
    auto name = TRY(read_qualified_service(request.names[0]));
    const auto checksum = TRY(expected_checksum(request));
    auto wanted = TRY(read_function(std::move(name.service), request.body));
    std::string().swap(request.body);  // the package is held once
    service.create_function(std::move(wanted.function), std::move(wanted.zip), checksum,
                            reply_with<Function>(respond, request.id));
    return {};
}

Result<> list_functions(FunctionService& service, Request& request, const Respond& respond) {
    auto name = TRY(read_qualified_service(request.names[0]));
    auto page = TRY(read_page_request(request.query));
    service.list_functions(std::move(name.service), std::move(page), reply_with<Page<Function>>(respond, request.id));
    return {};
}

Result<> get_function(FunctionService& service, Request& request, const Respond& respond) {
    auto name = TRY(read_qualified_service(request.names[0]));
    auto function = TRY(read_function_name(request.names[1]));
    service.get_function(std::move(name.service), std::move(function), reply_with<Function>(respond, request.id));
    return {};
}

Result<> update_function(FunctionService& service, Request& request, const Respond& respond) {
    auto name = TRY(read_qualified_service(request.names[0]));
    auto function = TRY(read_function_name(request.names[1]));
    const auto checksum = TRY(expected_checksum(request));
    auto change = TRY(read_function_change(request.body));
    std::string().swap(request.body);
    service.update_function(std::move(name.service), std::move(function), std::move(change), checksum,
                            if_match_of(request), reply_with<Function>(respond, request.id));
    return {};
}

Result<> delete_function(FunctionService& service, Request& request, const Respond& respond) {
    auto name = TRY(read_qualified_service(request.names[0]));
    auto function = TRY(read_function_name(request.names[1]));
    service.delete_function(std::move(name.service), std::move(function), if_match_of(request),
                            reply_empty(respond, request.id));
    return {};
}

}  // namespace hotcell::api
