#include "engine/api/wire/layer_json.h"

#include <boost/json.hpp>
#include <charconv>

#include "engine/api/limits.h"
#include "engine/api/wire/json_body.h"
#include "engine/api/wire/json_fields.h"
#include "engine/api/wire/json_text.h"
#include "engine/base/result.h"

namespace hotcell::api {

namespace json = boost::json;

namespace {

json::object object_of(const Layer& layer, std::string_view location) {
    return {{"layerName", json_text(layer.name)},
            {"version", layer.version},
            {"description", json_text(layer.description)},
            {"code", json::object{{"repositoryType", "LocalURL"}, {"location", json_text(location)}}},
            {"codeSize", layer.code.size},
            {"codesize", layer.code.size},  // as clients of 2021-04-06 spell it after a creation
            {"codeChecksum", std::to_string(layer.code.checksum)},
            {"createTime", json_text(iso_time(layer.created_ms))},
            {"acl", layer.is_public ? 1 : 0},
            {"compatibleRuntime", json_list(layer.compatible_runtimes)},
            {"license", json_text(layer.license)},
            {"arn", json_text(layer.arn)},
            {"arnV2", json_text(layer.arn)}};
}

}  // namespace

Result<NewLayer> read_layer(std::string name, std::string_view body) {
    auto document = TRY(parse_json_body(body, kMostPackage));
    const JsonFields fields(document.object);
    NewLayer made;
    made.layer.name = std::move(name);
    made.layer.description = TRY(fields.text("description"))
    .value_or("");
    made.layer.license = TRY(fields.text("license"))
    .value_or("");
    made.layer.compatible_runtimes = TRY(fields.text_list("compatibleRuntime"))
    .value_or(std::vector<std::string>());
    if (const auto code = TRY(fields.object("code"))) {
        for (const char* bucket : {"ossBucketName", "ossObjectName"}) TRY(code->expect_usual(bucket, ""));
        (void)TRY(code->text("zipFile"));
        TRY(code->refuse_slips());
    }
    TRY(fields.refuse_slips());
    made.zip = TRY(required("code.zipFile", std::move(document.zip)));
    return made;
}

std::string json_of(const Layer& layer, std::string_view location) {
    return json::serialize(object_of(layer, location));
}
std::string json_of(const Page<Layer>& page) {
    return json_of_page("layers", page, [](const Layer& layer) { return object_of(layer, ""); });
}

std::string json_of_versions(const Page<Layer>& page) {
    std::uint32_t next = 0;
    std::from_chars(page.next_token.data(), page.next_token.data() + page.next_token.size(), next);
    json::array layers;
    for (const Layer& layer : page.items) layers.push_back(object_of(layer, ""));
    json::object out{{"layers", std::move(layers)}, {"nextVersion", nullptr}};
    if (next > 0) out["nextVersion"] = next;
    return json::serialize(out);
}

}  // namespace hotcell::api
