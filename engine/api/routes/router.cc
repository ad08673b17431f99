#include "engine/api/routes/router.h"

#include <algorithm>
#include <array>

#include "engine/api/limits.h"
#include "engine/api/routes/function_routes.h"
#include "engine/api/routes/run_route.h"
#include "engine/api/wire/json.h"
#include "engine/api/wire/query.h"

namespace hotcell::api {

namespace {

constexpr std::string_view kFcTree = "/2016-08-15/";

void answer_health(const Services&, Request, Respond respond) { respond({.body = json_of({{"status", "alive"}})}); }

void answer_ready(const Services& services, Request request, Respond respond) {
    if (services.run.is_ready()) return respond({.body = json_of({{"status", "ready"}})});
    respond(error_response(503, "NotReady", "the pools are not filled yet, or the privileged helper is gone",
                           "GET /v1/engine shows the pools", request.id));
}

void answer_version(const Services& services, Request, Respond respond) {
    respond({.body = json_of({{"name", "hotcell"}, {"version", services.run.describe().version}, {"api", "v1"}})});
}

void answer_engine(const Services& services, Request, Respond respond) {
    respond({.body = json_of(services.run.describe())});
}

struct Route {
    std::string_view method;
    std::string_view path;  // "{}" stands for one segment, at most two times
    std::size_t body_limit;
    void (*answer)(const Services&, Request, Respond);
    bool needs_functions = true;
};
constexpr Route kRoutes[] = {
    {"POST", "/2016-08-15/services/{}/functions/{}/invocations", kMaxEvent.count, answer_with<invoke_function>},
    {"POST", "/2016-08-15/services", kMaxJson.count, answer_with<create_service>},
    {"GET", "/2016-08-15/services", 0, answer_with<list_services>},
    {"GET", "/2016-08-15/services/{}", 0, answer_with<get_service>},
    {"PUT", "/2016-08-15/services/{}", kMaxJson.count, answer_with<update_service>},
    {"DELETE", "/2016-08-15/services/{}", 0, answer_with<delete_service>},
    {"POST", "/2016-08-15/services/{}/functions", kMaxCodeBody.count, answer_with<create_function>},
    {"GET", "/2016-08-15/services/{}/functions", 0, answer_with<list_functions>},
    {"GET", "/2016-08-15/services/{}/functions/{}", 0, answer_with<get_function>},
    {"PUT", "/2016-08-15/services/{}/functions/{}", kMaxCodeBody.count, answer_with<update_function>},
    {"DELETE", "/2016-08-15/services/{}/functions/{}", 0, answer_with<delete_function>},
    {"GET", "/v1/invocations/{}", 0, answer_with<get_invocation>},
    {"GET", "/v1/instances", 0, answer_with<list_instances>},
    {"POST", "/v1/instances:evict", 0, answer_with<evict_instances>},
    {"GET", "/v1/runtimes", 0, answer_with<list_runtimes>},
    {"GET", "/metrics", 0, answer_with<get_metrics>},
    {"GET", "/healthz", 0, answer_health, false},
    {"GET", "/readyz", 0, answer_ready, false},
    {"GET", "/version", 0, answer_version, false},
    {"GET", "/v1/engine", 0, answer_engine, false},
    {"POST", "/v1/run", kMaxRunBody.count, answer_run, false},
};

using Names = std::array<std::string_view, 2>;

/// True when `path` has the segments of `pattern`; `names` are those that stand for "{}", as sent.
bool fits(std::string_view pattern, std::string_view path, Names& names) {
    names = {};
    std::size_t count = 0;
    for (;;) {
        const auto place = pattern.find("{}");
        if (place == std::string_view::npos) return path == pattern;
        if (!path.starts_with(pattern.substr(0, place))) return false;
        path.remove_prefix(place);
        pattern.remove_prefix(place + 2);
        const auto end = std::min(path.find('/'), path.size());
        if (end == 0) return false;
        names[count++] = path.substr(0, end);
        path.remove_prefix(end);
    }
}

/// FC names what it does not offer, where other trees tell a wrong path from a wrong method.
Response refuse_in_fc_tree(const Request& request) {
    return error_response(400, "PathNotSupported",
                          quote(request.method) + " against " + quote(request.path) + " is not supported",
                          "docs/api/openapi.yaml lists what is", request.id);
}

}  // namespace

void Router::handle(Request request, Respond respond) const {
    if (request.caller.kind == Caller::Kind::Nobody)
        return respond(error_response(401, "Unauthorized", "Authorization: is missing", "", request.id));
    if (const auto same = request.caller.body.check(request.body); !same)
        return respond(fc_error_response(same.error(), request.id));
    std::string allowed;
    Names names;
    for (const Route& route : kRoutes) {
        if ((route.needs_functions && services_.functions == nullptr) || !fits(route.path, request.path, names))
            continue;
        if (route.method != request.method) {
            allowed += (allowed.empty() ? "" : ", ") + std::string(route.method);
            continue;
        }
        for (std::size_t i = 0; i < names.size() && !names[i].empty(); ++i) {
            auto decoded = percent_decode(names[i]);
            if (!decoded)
                return respond(error_response(400, "InvalidArgument",
                                              "path: '%' is followed by two hexadecimal digits, not " + quote(names[i]),
                                              "", request.id));
            request.names[i] = std::move(*decoded);
        }
        return route.answer(services_, std::move(request), std::move(respond));
    }
    if (request.path.starts_with(kFcTree)) return respond(refuse_in_fc_tree(request));
    if (allowed.empty())
        return respond(error_response(404, "NotFound", "path: no route of that name",
                                      "docs/api/openapi.yaml lists them", request.id));
    auto response = error_response(405, "MethodNotAllowed", "method: this path answers " + allowed, "", request.id);
    response.headers.emplace_back("Allow", allowed);
    respond(std::move(response));
}

std::optional<BodyRule> Router::body_rule(std::string_view method, std::string_view path) const {
    Names names;
    for (const Route& route : kRoutes)
        if (route.method == method && (!route.needs_functions || services_.functions != nullptr) &&
            fits(route.path, path, names))
            return BodyRule{route.body_limit, path.starts_with(kFcTree), route.body_limit > kMaxEvent.count};
    return std::nullopt;
}

}  // namespace hotcell::api
