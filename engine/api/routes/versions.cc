// Versions and aliases of a service.
#include <charconv>

#include "engine/api/routes/catalog_routes.h"
#include "engine/api/routes/target.h"
#include "engine/api/wire/names.h"
#include "engine/api/wire/pages.h"
#include "engine/api/wire/query.h"
#include "engine/api/wire/version_json.h"

namespace hotcell::api {

Result<Response> publish_version(Catalog& catalog, Request& request) {
    const auto target = TRY(latest_target_of(request));
    const auto description = TRY(read_publish(request.body));
    return document(json_of(TRY(catalog.publish_version(target.service, description, if_match_of(request)))));
}

Result<Response> list_versions(const Catalog& catalog, Request& request) {
    const auto service = TRY(read_service_name(request.names[0]));
    const auto page = TRY(read_versions_request(request.query));
    return document(json_of(TRY(catalog.list_versions(service, page)), page.forward));
}

Result<Response> delete_version(Catalog& catalog, Request& request) {
    const auto service = TRY(read_service_name(request.names[0]));
    const auto id = TRY(parse_count("versionId", request.names[1], 1, UINT64_MAX));
    TRY(catalog.delete_version(service, id));
    return nothing();
}

// ---- aliases ----------------------------------------------------------------------------------------------------------

Result<Response> create_alias(Catalog& catalog, Request& request) {
    const auto service = TRY(read_service_name(request.names[0]));
    auto wanted = TRY(read_alias(request.body));
    const auto alias = TRY(catalog.create_alias(service, std::move(wanted)));
    return document(json_of(alias), alias.etag);
}

Result<Response> list_aliases(const Catalog& catalog, Request& request) {
    const auto service = TRY(read_service_name(request.names[0]));
    const auto page = TRY(read_page_request(request.query));
    return document(json_of(TRY(catalog.list_aliases(service, page))));
}

Result<Response> get_alias(const Catalog& catalog, Request& request) {
    const auto service = TRY(read_service_name(request.names[0]));
    const auto alias = TRY(catalog.get_alias(service, request.names[1]));
    return document(json_of(alias), alias.etag);
}

Result<Response> update_alias(Catalog& catalog, Request& request) {
    const auto service = TRY(read_service_name(request.names[0]));
    const auto change = TRY(read_alias_change(request.body));
    const auto alias = TRY(catalog.update_alias(service, request.names[1], change, if_match_of(request)));
    return document(json_of(alias), alias.etag);
}

Result<Response> delete_alias(Catalog& catalog, Request& request) {
    const auto service = TRY(read_service_name(request.names[0]));
    TRY(catalog.delete_alias(service, request.names[1], if_match_of(request)));
    return nothing();
}

}  // namespace hotcell::api
