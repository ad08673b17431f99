// Services and their tags: create, list, get, change, delete.
#include "engine/api/routes/catalog_routes.h"
#include "engine/api/routes/target.h"
#include "engine/api/wire/names.h"
#include "engine/api/wire/pages.h"
#include "engine/api/wire/query.h"
#include "engine/api/wire/service_json.h"

namespace hotcell::api {

Result<Response> create_service(Catalog& catalog, Request& request) {
    auto wanted = TRY(read_service(request.body));
    const auto service = TRY(catalog.create_service(std::move(wanted)));
    return document(json_of(service), service.etag);
}

Result<Response> list_services(const Catalog& catalog, Request& request) {
    const auto page = TRY(read_page_request(request.query));
    return document(json_of(TRY(catalog.list_services(page))));
}

Result<Response> get_service(const Catalog& catalog, Request& request) {
    const auto target = TRY(target_of(request));
    const auto service = TRY(catalog.get_service(target.service, target.qualifier));
    return document(json_of(service), service.etag);
}

Result<Response> update_service(Catalog& catalog, Request& request) {
    const auto target = TRY(latest_target_of(request));
    const auto change = TRY(read_service_change(request.body));
    const auto service = TRY(catalog.update_service(target.service, change, if_match_of(request)));
    return document(json_of(service), service.etag);
}

Result<Response> delete_service(Catalog& catalog, Request& request) {
    const auto target = TRY(latest_target_of(request));
    TRY(catalog.delete_service(target.service, if_match_of(request)));
    return nothing();
}

// ---- tags -----------------------------------------------------------------------------------------------------------

Result<Response> tag_service(Catalog& catalog, Request& request) {
    const auto wanted = TRY(read_tags(request.body));
    TRY(catalog.tag_service(wanted.service, wanted.tags));
    return document("{}");
}

Result<Response> untag_service(Catalog& catalog, Request& request) {
    const auto wanted = TRY(read_untag(request.body));
    TRY(catalog.untag_service(wanted.service, wanted.keys, wanted.all));
    return document("{}");
}

Result<Response> get_tags(const Catalog& catalog, Request& request) {
    std::string arn;
    for (auto& [name, value] : TRY(parse_query(request.query)))
        if (name == "resourceArn") arn = std::move(value);
    const auto service = TRY(read_service_arn(arn));
    return document(json_of_tags(TRY(catalog.get_service(service))));
}

Result<Response> list_tagged(const Catalog& catalog, Request& request) {
    const auto page = TRY(read_page_request(request.query));
    return document(json_of_tagged(TRY(catalog.list_services(page))));
}

}  // namespace hotcell::api
