// How much of a function is kept ready, how many there may be, what becomes of asynchronous calls: by qualifier.
#include "engine/api/routes/catalog_routes.h"
#include "engine/api/routes/target.h"
#include "engine/api/wire/config_json.h"
#include "engine/api/wire/names.h"
#include "engine/api/wire/pages.h"
#include "engine/api/wire/query.h"

namespace hotcell::api {

Result<Response> put_provision(const Services& services, Request& request) {
    const auto target = TRY(target_of(request));
    auto config = TRY(services.catalog->get_provision_config(target));
    TRY(read_provision(request.body, config));
    config.of = target;
    const auto put = TRY(services.catalog->put_provision_config(std::move(config)));
    return document(json_of(put, services.calls->provision_state(target)));
}

Result<Response> get_provision(const Services& services, Request& request) {
    const auto target = TRY(target_of(request));
    const auto config = TRY(services.catalog->get_provision_config(target));
    return document(json_of(config, services.calls->provision_state(target)));
}

Result<Response> list_provision(const Services& services, Request& request) {
    FunctionReference of;
    for (auto& [name, value] : TRY(parse_query(request.query))) {
        if (name == "serviceName") of.service = TRY(read_service_name(value));
        if (name == "qualifier") of.qualifier = value;
        if (name == "functionName") of.function = TRY(read_function_name(value));
    }
    TRY(check_qualifier(of.qualifier));
    const auto page = TRY(read_page_request(request.query));
    const auto configs = TRY(services.catalog->list_provision_configs(of, page));
    std::vector<ProvisionState> states;
    for (const auto& config : configs.items) states.push_back(services.calls->provision_state(config.of));
    return document(json_of(configs, states));
}

// ---- on demand --------------------------------------------------------------------------------------------------------

Result<Response> put_on_demand(Catalog& catalog, Request& request) {
    OnDemandConfig config;
    config.of = TRY(target_of(request));
    TRY(read_on_demand(request.body, config));
    const auto put = TRY(catalog.put_on_demand_config(std::move(config), if_match_of(request)));
    return document(json_of(put), put.etag);
}

Result<Response> get_on_demand(const Catalog& catalog, Request& request) {
    const auto target = TRY(target_of(request));
    const auto config = TRY(catalog.get_on_demand_config(target));
    return document(json_of(config), config.etag);
}

Result<Response> delete_on_demand(Catalog& catalog, Request& request) {
    const auto target = TRY(target_of(request));
    TRY(catalog.delete_on_demand_config(target));
    return nothing();
}

Result<Response> list_on_demand(const Catalog& catalog, Request& request) {
    const auto page = TRY(read_page_request(request.query));
    return document(json_of(TRY(catalog.list_on_demand_configs(page))));
}

// ---- asynchronous calls -------------------------------------------------------------------------------------------------

Result<Response> put_async_config(Catalog& catalog, Request& request) {
    AsyncConfig config;
    config.of = TRY(target_of(request));
    TRY(read_async(request.body, config));
    return document(json_of(TRY(catalog.put_async_config(std::move(config)))));
}

Result<Response> get_async_config(const Catalog& catalog, Request& request) {
    const auto target = TRY(target_of(request));
    return document(json_of(TRY(catalog.get_async_config(target))));
}

Result<Response> delete_async_config(Catalog& catalog, Request& request) {
    const auto target = TRY(target_of(request));
    TRY(catalog.delete_async_config(target));
    return nothing();
}

Result<Response> list_async_configs(const Catalog& catalog, Request& request) {
    const auto target = TRY(target_of(request));
    const auto page = TRY(read_page_request(request.query));
    return document(json_of(TRY(catalog.list_async_configs(target.service, target.function, page))));
}

Result<Response> list_stateful_functions(const Catalog& catalog, Request& request) {
    const auto page = TRY(read_page_request(request.query));
    return document(functions_json_of(TRY(catalog.list_stateful_configs(page))));
}

}  // namespace hotcell::api
