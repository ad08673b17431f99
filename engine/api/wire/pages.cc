#include "engine/api/wire/pages.h"

#include "engine/api/wire/query.h"
#include "engine/base/result.h"

namespace hotcell::api {

namespace {

Result<std::uint32_t> read_limit(std::string_view name, std::string_view value) {
    return static_cast<std::uint32_t>(TRY(parse_count(name, value, 1, 100)));
}

}  // namespace

Result<PageRequest> read_page_request(std::string_view query) {
    constexpr std::string_view kTag = "tag_";
    PageRequest request;
    for (auto& [name, value] : TRY(parse_query(query))) {
        if (name == "limit")
            request.limit = TRY(read_limit(name, value));
        else if (name == "prefix")
            request.prefix = std::move(value);
        else if (name == "startKey")
            request.start_key = std::move(value);
        else if (name == "nextToken")
            request.next_token = std::move(value);
        else if (name.starts_with(kTag) && name.size() > kTag.size())
            request.tags[name.substr(kTag.size())] = std::move(value);
    }
    return request;
}

Result<VersionsRequest> read_versions_request(std::string_view query) {
    VersionsRequest request;
    for (auto& [name, value] : TRY(parse_query(query))) {
        if (name == "limit") request.limit = TRY(read_limit(name, value));
        if (name == "startKey") request.start_key = value;
        if (name == "nextToken") request.next_token = value;
        if (name != "direction") continue;
        if (value != "BACKWARD" && value != "FORWARD") return refuse_value("direction", "BACKWARD, FORWARD", value);
        request.forward = value == "FORWARD";
    }
    return request;
}

Result<LayerVersionsRequest> read_layer_versions_request(std::string_view query) {
    LayerVersionsRequest request;
    for (const auto& [name, value] : TRY(parse_query(query))) {
        if (name == "limit") request.limit = TRY(read_limit(name, value));
        if (name == "startVersion")
            request.start_version = static_cast<std::uint32_t>(TRY(parse_count(name, value, 0, UINT32_MAX)));
    }
    return request;
}

}  // namespace hotcell::api
