// Functions and their packages: create, list, get, change, delete.
#include "engine/api/routes/catalog_routes.h"
#include "engine/api/routes/links.h"
#include "engine/api/routes/target.h"
#include "engine/api/wire/function_json.h"
#include "engine/api/wire/pages.h"

namespace hotcell::api {

namespace {

Result<std::optional<std::uint64_t>> expected_checksum(const Request& request) {
    const auto text = request.header("x-fc-code-checksum");
    if (text.empty()) return std::nullopt;
    return TRY(read_checksum(text));
}

}  // namespace

Result<Response> create_function(Catalog& catalog, Request& request) {
    const auto target = TRY(latest_target_of(request));
    const auto checksum = TRY(expected_checksum(request));
    auto wanted = TRY(read_function(target.service, request.body));
    std::string().swap(request.body);  // the package is held once
    wanted.function.code.checksum = checksum.value_or(0);
    const auto function = TRY(catalog.create_function(std::move(wanted.function), std::move(wanted.zip)));
    return document(json_of(function), function.etag);
}

Result<Response> list_functions(const Catalog& catalog, Request& request) {
    const auto target = TRY(target_of(request));
    const auto page = TRY(read_page_request(request.query));
    return document(json_of(TRY(catalog.list_functions(target.service, page, target.qualifier))));
}

Result<Response> get_function(const Catalog& catalog, Request& request) {
    const auto target = TRY(target_of(request));
    const auto function = TRY(catalog.get_function(target.service, target.function, target.qualifier));
    return document(json_of(function), function.etag);
}

Result<Response> update_function(Catalog& catalog, Request& request) {
    const auto target = TRY(latest_target_of(request));
    const auto checksum = TRY(expected_checksum(request));
    auto change = TRY(read_function_change(request.body));
    std::string().swap(request.body);
    change.zip_checksum = checksum;
    const auto function =
        TRY(catalog.update_function(target.service, target.function, std::move(change), if_match_of(request)));
    return document(json_of(function), function.etag);
}

Result<Response> delete_function(Catalog& catalog, Request& request) {
    const auto target = TRY(latest_target_of(request));
    TRY(catalog.delete_function(target.service, target.function, if_match_of(request)));
    return nothing();
}

Result<Response> get_function_code(const Services& services, Request& request) {
    const auto target = TRY(target_of(request));
    const auto function = TRY(services.catalog->get_function(target.service, target.function, target.qualifier));
    return document(json_of_code(function_link(services, request, target), function.code.checksum));
}

Result<Response> download_function(Catalog& catalog, Request& request) {
    const auto target = TRY(target_of(request));
    return Response {
        .content_type = "application/zip",
        .body = TRY(catalog.get_code(target.service, target.function, target.qualifier))
    };
}

}  // namespace hotcell::api
