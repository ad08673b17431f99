// Layers: publish, list, get, delete; who may use them.
#include "engine/api/routes/catalog_routes.h"
#include "engine/api/routes/links.h"
#include "engine/api/wire/layer_json.h"
#include "engine/api/wire/pages.h"
#include "engine/api/wire/query.h"

namespace hotcell::api {

namespace {

Result<std::uint32_t> version_of(const Request& request) {
    return static_cast<std::uint32_t>(TRY(parse_count("version", request.names[1], 1, UINT32_MAX)));
}

}  // namespace

Result<Response> publish_layer(const Services& services, Request& request) {
    auto wanted = TRY(read_layer(request.names[0], request.body));
    std::string().swap(request.body);  // the package is held once
    const auto layer = TRY(services.catalog->publish_layer(std::move(wanted.layer), std::move(wanted.zip)));
    return document(json_of(layer, layer_link(services, request, layer)));
}

Result<Response> list_layers(const Catalog& catalog, Request& request) {
    const auto page = TRY(read_page_request(request.query));
    return document(json_of(TRY(catalog.list_layers(page))));
}

Result<Response> list_layer_versions(const Catalog& catalog, Request& request) {
    const auto page = TRY(read_layer_versions_request(request.query));
    return document(
        json_of_versions(TRY(catalog.list_layer_versions(request.names[0], page.start_version, page.limit))));
}

Result<Response> get_layer(const Services& services, Request& request) {
    const auto version = TRY(version_of(request));
    const auto layer = TRY(services.catalog->get_layer(request.names[0], version));
    return document(json_of(layer, layer_link(services, request, layer)));
}

Result<Response> get_layer_by_arn(const Services& services, Request& request) {
    const auto layer = TRY(services.catalog->get_layer(request.names[0]));
    return document(json_of(layer, layer_link(services, request, layer)));
}

Result<Response> delete_layer(Catalog& catalog, Request& request) {
    const auto version = TRY(version_of(request));
    TRY(catalog.delete_layer(request.names[0], version));
    return nothing();
}

Result<Response> put_layer_acl(Catalog& catalog, Request& request) {
    for (const auto& [name, value] : TRY(parse_query(request.query))) {
        if (name != "public") continue;
        if (value != "true" && value != "false") return refuse_value("public", "true, false", value);
        TRY(catalog.set_layer_public(request.names[0], value == "true"));
        return document("{}");
    }
    return fail(ErrorKind::InvalidArgument, "query: public is missing", "?public=true");
}

Result<Response> download_layer(Catalog& catalog, Request& request) {
    const auto version = TRY(version_of(request));
    return Response {
        .content_type = "application/zip", .body = TRY(catalog.get_layer_code(request.names[0], version))
    };
}

}  // namespace hotcell::api
