// Which part of a list is asked for, as queries say it: limit, prefix, startKey, nextToken and their like.
//
// Fields that no list knows are left aside, as Function Compute does. Here: types and ranges.
#pragma once

#include <string_view>

#include "hotcell/catalog.h"

namespace hotcell::api {

/// limit, prefix, startKey, nextToken; of services tag_KEY=VALUE too.
Result<PageRequest> read_page_request(std::string_view query);
/// limit, startKey, nextToken, direction (BACKWARD or FORWARD).
Result<VersionsRequest> read_versions_request(std::string_view query);

struct LayerVersionsRequest {
    std::uint32_t start_version = 0;
    std::uint32_t limit = 20;
};
/// limit, startVersion.
Result<LayerVersionsRequest> read_layer_versions_request(std::string_view query);

}  // namespace hotcell::api
