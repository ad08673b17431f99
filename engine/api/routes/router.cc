#include "engine/api/routes/router.h"

#include <algorithm>
#include <array>

#include "engine/api/limits.h"
#include "engine/api/routes/proxy.h"
#include "engine/api/routes/table.h"
#include "engine/api/signing/string_to_sign.h"
#include "engine/api/wire/query.h"
#include "engine/api/wire/utf8.h"

namespace hotcell::api {

namespace {

struct Place {
    Tree tree = Tree::Native;
    std::uint8_t bit = kNative;
    std::string_view rest;  // of the path, in its tree
};

Place place_of(std::string_view path) {
    for (const auto& [prefix, tree, bit] : {std::tuple(std::string_view("/2016-08-15"), Tree::Fc2016, k2016),
                                            std::tuple(std::string_view("/2021-04-06"), Tree::Fc2021, k2021)})
        if (path.starts_with(prefix) && path.substr(prefix.size()).starts_with('/'))
            return {tree, static_cast<std::uint8_t>(bit), path.substr(prefix.size())};
    return {Tree::Native, kNative, path};
}

using Names = std::array<std::string_view, 3>;

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

Response refuse_unknown(const Request& request, const std::string& allowed) {
    if (allowed.empty())
        return error_response(404, "NotFound", "path: no route of that name", "docs/api/openapi.yaml lists them",
                              request.id);
    auto response = error_response(405, "MethodNotAllowed", "method: this path answers " + allowed, "", request.id);
    response.headers.add("Allow", allowed);
    return response;
}

}  // namespace

void Router::handle(Request request, Respond respond) const {
    if (services_.catalog != nullptr && signing::is_proxy_path(request.path))
        return call_http_function(services_, std::move(request), std::move(respond));
    if (request.caller.kind == Caller::Kind::Nobody)
        return respond(error_response(401, "Unauthorized", "Authorization: is missing", "", request.id));
    std::string allowed;
    Names names;
    const Place place = place_of(request.path);
    for (const Row& row : rows()) {
        if ((row.trees & place.bit) == 0 || (row.needs_catalog && services_.catalog == nullptr) ||
            !fits(row.path, place.rest, names))
            continue;
        if (row.method != request.method) {
            allowed += (allowed.empty() ? "" : ", ") + std::string(row.method);
            continue;
        }
        for (std::size_t i = 0; i < names.size() && !names[i].empty(); ++i) {
            auto decoded = percent_decode(names[i]);
            if (!decoded)
                return respond(error_response(400, "InvalidArgument",
                                              "path: '%' is followed by two hexadecimal digits, not " + quote(names[i]),
                                              "", request.id));
            // names come back in documents, which are UTF-8
            if (!is_utf8(*decoded))
                return respond(error_response(
                    400, "InvalidArgument",
                    "path: doesn't match expected format (allowed: UTF-8, actual: " + quote(names[i]) + ")", "",
                    request.id));
            request.names[i] = std::move(*decoded);
        }
        request.tree = place.tree;
        return row.answer(services_, std::move(request), std::move(respond));
    }
    respond(place.tree == Tree::Native ? refuse_unknown(request, allowed) : refuse_in_fc_tree(request));
}

std::optional<BodyRule> Router::body_rule(std::string_view method, std::string_view path) const {
    if (services_.catalog != nullptr && signing::is_proxy_path(path)) return BodyRule{kMaxEvent.count, true};
    Names names;
    const Place place = place_of(path);
    for (const Row& row : rows())
        if ((row.trees & place.bit) != 0 && row.method == method &&
            (!row.needs_catalog || services_.catalog != nullptr) && fits(row.path, place.rest, names))
            return BodyRule{row.body_limit, place.tree != Tree::Native, row.body_limit > kMaxEvent.count};
    return std::nullopt;
}

}  // namespace hotcell::api
