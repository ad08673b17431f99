#include "engine/api/wire/version_json.h"

#include <boost/json.hpp>

#include "engine/api/wire/json_body.h"
#include "engine/api/wire/json_fields.h"
#include "engine/api/wire/json_text.h"
#include "engine/base/result.h"

namespace hotcell::api {

namespace json = boost::json;

namespace {

json::object object_of(const Version& version) {
    return {{"versionId", std::to_string(version.id)},
            {"description", json_text(version.description)},
            {"createdTime", json_text(iso_time(version.created_ms))},
            {"lastModifiedTime", json_text(iso_time(version.modified_ms))}};
}

json::object object_of(const Alias& alias) {
    json::object out{{"aliasName", json_text(alias.name)},
                     {"versionId", json_text(alias.version)},
                     {"description", json_text(alias.description)},
                     {"additionalVersionWeight", nullptr},
                     {"resolvePolicy", "Random"},
                     {"routePolicy", nullptr},
                     {"createdTime", json_text(iso_time(alias.created_ms))},
                     {"lastModifiedTime", json_text(iso_time(alias.modified_ms))}};
    if (alias.extra_weights.empty()) return out;
    json::object weights;
    for (const auto& [version, weight] : alias.extra_weights) weights[version] = weight;
    out["additionalVersionWeight"] = std::move(weights);
    return out;
}

/// The members that new and changed aliases have in common.
Result<AliasChange> read_change(const JsonFields& fields) {
    AliasChange change;
    change.description = TRY(fields.text("description"));
    change.version = TRY(fields.text("versionId"));
    change.extra_weights = TRY(fields.decimals("additionalVersionWeight"));
    if (!change.extra_weights && fields.has("additionalVersionWeight"))
        change.extra_weights.emplace();  // null: none any more
    TRY(fields.expect_usual("resolvePolicy", "\"Random\""));
    TRY(fields.expect_usual("routePolicy", ""));
    return change;
}

}  // namespace

Result<std::string> read_publish(std::string_view body) {
    const auto document = TRY(parse_json_body(body.empty() ? "{}" : body, Bytes{0}));
    const JsonFields fields(document.object);
    auto description = TRY(fields.text("description"))
    .value_or("");
    TRY(fields.refuse_slips());
    return description;
}

std::string json_of(const Version& version) { return json::serialize(object_of(version)); }
std::string json_of(const Page<Version>& page, bool forward) {
    std::string document = json_of_page("versions", page, [](const Version& version) { return object_of(version); });
    document.back() = ',';
    return document + "\"direction\":" + (forward ? "\"FORWARD\"}" : "\"BACKWARD\"}");
}

Result<Alias> read_alias(std::string_view body) {
    const auto document = TRY(parse_json_body(body, Bytes{0}));
    const JsonFields fields(document.object);
    Alias alias;
    alias.name = TRY(required_text(fields, "aliasName"));
    auto change = TRY(read_change(fields));
    TRY(fields.refuse_slips());
    alias.version = TRY(required("versionId", std::move(change.version)));
    alias.description = std::move(change.description).value_or("");
    if (change.extra_weights) alias.extra_weights = std::move(*change.extra_weights);
    return alias;
}

Result<AliasChange> read_alias_change(std::string_view body) {
    const auto document = TRY(parse_json_body(body, Bytes{0}));
    const JsonFields fields(document.object);
    auto change = TRY(read_change(fields));
    (void)TRY(fields.text("aliasName"));  // clients repeat it
    TRY(fields.refuse_slips());
    return change;
}

std::string json_of(const Alias& alias) { return json::serialize(object_of(alias)); }
std::string json_of(const Page<Alias>& page) {
    return json_of_page("aliases", page, [](const Alias& alias) { return object_of(alias); });
}

}  // namespace hotcell::api
