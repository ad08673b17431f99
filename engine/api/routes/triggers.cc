// Triggers of a function.
#include "engine/api/routes/catalog_routes.h"
#include "engine/api/routes/target.h"
#include "engine/api/wire/pages.h"
#include "engine/api/wire/trigger_json.h"

namespace hotcell::api {

namespace {

ConfigForm form_of(const Request& request) {
    return request.tree == Tree::Fc2021 ? ConfigForm::Text : ConfigForm::Object;
}

Response answer(const Trigger& trigger, const Request& request) {
    return document(json_of(trigger, form_of(request), address_of(request)), trigger.etag);
}

}  // namespace

Result<Response> create_trigger(Catalog& catalog, Request& request) {
    auto target = TRY(latest_target_of(request));
    auto wanted = TRY(read_trigger(std::move(target.service), std::move(target.function), request.body));
    return answer(TRY(catalog.create_trigger(std::move(wanted))), request);
}

Result<Response> list_triggers(const Catalog& catalog, Request& request) {
    const auto target = TRY(target_of(request));
    const auto page = TRY(read_page_request(request.query));
    const auto triggers = TRY(catalog.list_triggers(target.service, target.function, page));
    return document(json_of(triggers, form_of(request), address_of(request)));
}

Result<Response> get_trigger(const Catalog& catalog, Request& request) {
    const auto target = TRY(target_of(request));
    return answer(TRY(catalog.get_trigger(target.service, target.function, request.names[2])), request);
}

Result<Response> update_trigger(Catalog& catalog, Request& request) {
    const auto target = TRY(target_of(request));
    const auto change = TRY(read_trigger_change(request.body));
    return answer(
        TRY(catalog.update_trigger(target.service, target.function, request.names[2], change, if_match_of(request))),
        request);
}

Result<Response> delete_trigger(Catalog& catalog, Request& request) {
    const auto target = TRY(target_of(request));
    TRY(catalog.delete_trigger(target.service, target.function, request.names[2], if_match_of(request)));
    return nothing();
}

}  // namespace hotcell::api
