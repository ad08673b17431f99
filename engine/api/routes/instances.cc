// The environments that stand, and ending them.
#include "engine/api/routes/function_routes.h"
#include "engine/api/routes/reply.h"
#include "engine/api/wire/function_request.h"
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

Result<> list_instances(FunctionService& service, Request& request, const Respond& respond) {
    auto filter = TRY(read_filter(request.query));
    service.instances(std::move(filter.service), std::move(filter.function),
                      reply_with<std::vector<Instance>>(respond, request.id));
    return {};
}

Result<> evict_instances(FunctionService& service, Request& request, const Respond& respond) {
    auto filter = TRY(read_filter(request.query));
    service.evict_instances(std::move(filter.service), std::move(filter.function),
                            [respond, id = request.id](const Result<std::uint64_t>& count) {
                                if (!count) return respond(fc_error_response(count.error(), id));
                                respond({.body = json_of_evicted(*count)});
                            });
    return {};
}

}  // namespace hotcell::api
