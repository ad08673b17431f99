// The environments that stand, and ending them.
#include "engine/api/routes/call_routes.h"
#include "engine/api/routes/target.h"
#include "engine/api/wire/invocation_json.h"
#include "engine/api/wire/names.h"
#include "engine/api/wire/query.h"

namespace hotcell::api {

namespace {

struct Filter {
    std::string service;
    std::string function;
};

Result<Filter> read_filter(std::string_view query) {
    Filter filter;
    for (auto& [name, value] : TRY(parse_query(query))) {
        if (name == "service")
            filter.service = TRY(read_service_name(value));
        else if (name == "function")
            filter.function = TRY(read_function_name(value));
        else
            return fail(ErrorKind::InvalidArgument, "query: the field " + quote(name) + " is unknown",
                        "service function");
    }
    if (!filter.function.empty() && filter.service.empty())
        return fail(ErrorKind::InvalidArgument, "query: function needs service beside it");
    return filter;
}

}  // namespace

Result<Response> list_instances(const Services& services, Request& request) {
    const auto filter = TRY(read_filter(request.query));
    return document(json_of(services.calls->instances(filter.service, filter.function)));
}

Result<Response> evict_instances(const Services& services, Request& request) {
    const auto filter = TRY(read_filter(request.query));
    return document(json_of_evicted(services.calls->evict_instances(filter.service, filter.function)));
}

Result<Response> list_function_instances(const Services& services, Request& request) {
    const auto target = TRY(target_of(request));
    TRY(services.catalog->get_function(target.service, target.function, target.qualifier));
    auto instances = services.calls->instances(target.service, target.function);
    if (!target.qualifier.empty()) {
        const auto version = TRY(services.catalog->get_service(target.service, target.qualifier))
        .version;
        std::erase_if(instances, [&](const Instance& instance) { return instance.version != version; });
    }
    return document(fc_json_of(instances));
}

}  // namespace hotcell::api
