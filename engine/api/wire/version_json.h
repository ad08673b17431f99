// Versions and aliases as the API reads and writes them. The shapes are those of docs/api/openapi.yaml.
#pragma once

#include <string>
#include <string_view>

#include "hotcell/catalog.h"

namespace hotcell::api {

/// The description of {"description"?}; an empty body is {}.
Result<std::string> read_publish(std::string_view body);
std::string json_of(const Version& version);
/// {"versions": […], "nextToken", "direction"}
std::string json_of(const Page<Version>& page, bool forward);

Result<Alias> read_alias(std::string_view body);
Result<AliasChange> read_alias_change(std::string_view body);
std::string json_of(const Alias& alias);
/// {"aliases": […], "nextToken"}
std::string json_of(const Page<Alias>& page);

}  // namespace hotcell::api
