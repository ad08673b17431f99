#include "engine/api/routes/target.h"

#include "engine/api/wire/names.h"
#include "engine/api/wire/query.h"
#include "engine/base/result.h"

namespace hotcell::api {

namespace {

/// Other fields of the query are their routes'.
Result<std::string> qualifier_of(std::string_view query) {
    for (auto& [name, value] : TRY(parse_query(query)))
        if (name == "qualifier") {
            TRY(check_qualifier(value));
            return std::move(value);
        }
    return std::string();
}

}  // namespace

Result<FunctionReference> target_of(const Request& request) {
    auto service = TRY(read_qualified_service(request.names[0]));
    FunctionReference target{std::move(service.service), std::move(service.qualifier), ""};
    if (!request.names[1].empty()) target.function = TRY(read_function_name(request.names[1]));
    if (request.query.empty()) return target;
    auto qualifier = TRY(qualifier_of(request.query));
    if (!qualifier.empty() && !target.qualifier.empty() && qualifier != target.qualifier)
        return fail(ErrorKind::InvalidArgument,
                    "qualifier: " + quote(target.qualifier) + " in the path and " + quote(qualifier) + " in the query");
    if (!qualifier.empty()) target.qualifier = std::move(qualifier);
    return target;
}

Result<FunctionReference> latest_target_of(const Request& request) {
    auto target = TRY(target_of(request));
    if (!target.qualifier.empty() && target.qualifier != kLatest)
        return fail(ErrorKind::InvalidArgument, "qualifier: only LATEST can be changed, not " + quote(target.qualifier),
                    "versions never change; publish another");
    return target;
}

}  // namespace hotcell::api
