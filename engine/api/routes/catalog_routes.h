// The routes of what is deployed; a source file a kind. Names of the path stand in request.names, decoded and not judged.
#pragma once

#include "engine/api/routes/route.h"

namespace hotcell::api {

// services.cc
Result<Response> create_service(Catalog& catalog, Request& request);
Result<Response> list_services(const Catalog& catalog, Request& request);
Result<Response> get_service(const Catalog& catalog, Request& request);
Result<Response> update_service(Catalog& catalog, Request& request);
Result<Response> delete_service(Catalog& catalog, Request& request);
Result<Response> tag_service(Catalog& catalog, Request& request);
Result<Response> untag_service(Catalog& catalog, Request& request);
Result<Response> get_tags(const Catalog& catalog, Request& request);
Result<Response> list_tagged(const Catalog& catalog, Request& request);

// functions.cc
Result<Response> create_function(Catalog& catalog, Request& request);
Result<Response> list_functions(const Catalog& catalog, Request& request);
Result<Response> get_function(const Catalog& catalog, Request& request);
Result<Response> update_function(Catalog& catalog, Request& request);
Result<Response> delete_function(Catalog& catalog, Request& request);
Result<Response> get_function_code(const Services& services, Request& request);
Result<Response> download_function(Catalog& catalog, Request& request);

// versions.cc
Result<Response> publish_version(Catalog& catalog, Request& request);
Result<Response> list_versions(const Catalog& catalog, Request& request);
Result<Response> delete_version(Catalog& catalog, Request& request);
Result<Response> create_alias(Catalog& catalog, Request& request);
Result<Response> list_aliases(const Catalog& catalog, Request& request);
Result<Response> get_alias(const Catalog& catalog, Request& request);
Result<Response> update_alias(Catalog& catalog, Request& request);
Result<Response> delete_alias(Catalog& catalog, Request& request);

// triggers.cc
Result<Response> create_trigger(Catalog& catalog, Request& request);
Result<Response> list_triggers(const Catalog& catalog, Request& request);
Result<Response> get_trigger(const Catalog& catalog, Request& request);
Result<Response> update_trigger(Catalog& catalog, Request& request);
Result<Response> delete_trigger(Catalog& catalog, Request& request);

// layers.cc
Result<Response> publish_layer(const Services& services, Request& request);
Result<Response> list_layers(const Catalog& catalog, Request& request);
Result<Response> list_layer_versions(const Catalog& catalog, Request& request);
Result<Response> get_layer(const Services& services, Request& request);
Result<Response> get_layer_by_arn(const Services& services, Request& request);
Result<Response> delete_layer(Catalog& catalog, Request& request);
Result<Response> put_layer_acl(Catalog& catalog, Request& request);
Result<Response> download_layer(Catalog& catalog, Request& request);

// configs.cc
Result<Response> put_provision(const Services& services, Request& request);
Result<Response> get_provision(const Services& services, Request& request);
Result<Response> list_provision(const Services& services, Request& request);
Result<Response> put_on_demand(Catalog& catalog, Request& request);
Result<Response> get_on_demand(const Catalog& catalog, Request& request);
Result<Response> delete_on_demand(Catalog& catalog, Request& request);
Result<Response> list_on_demand(const Catalog& catalog, Request& request);
Result<Response> put_async_config(Catalog& catalog, Request& request);
Result<Response> get_async_config(const Catalog& catalog, Request& request);
Result<Response> delete_async_config(Catalog& catalog, Request& request);
Result<Response> list_async_configs(const Catalog& catalog, Request& request);
Result<Response> list_stateful_functions(const Catalog& catalog, Request& request);

// account.cc
Result<Response> get_account_settings(const Services& services, Request& request);
Result<Response> get_account_configs(const Services& services, Request& request);
Result<Response> list_reserved_capacities(const Services& services, Request& request);
Result<Response> refuse_bucket_token(const Services& services, Request& request);

}  // namespace hotcell::api
