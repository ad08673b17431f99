// Layers as the API reads and writes them. The shapes are those of docs/api/openapi.yaml.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "hotcell/catalog.h"

namespace hotcell::api {

struct NewLayer {
    Layer layer;
    std::string zip;
};
Result<NewLayer> read_layer(std::string name, std::string_view body);

/// `location` is an address to get the package from.
std::string json_of(const Layer& layer, std::string_view location);
/// {"layers": […], "nextToken"}; where lists give no locations.
std::string json_of(const Page<Layer>& page);
/// {"layers": […], "nextVersion"}: what follows is asked for with startVersion.
std::string json_of_versions(const Page<Layer>& page);

}  // namespace hotcell::api
