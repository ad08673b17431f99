// How much of a function is kept ready, how many there may be and what becomes of asynchronous calls, as the API reads and
// writes it. The shapes are those of docs/api/openapi.yaml.
//
// Bodies are laid over what is stored: `config` comes in with that, or with the defaults.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "hotcell/catalog.h"
#include "hotcell/invocation.h"

namespace hotcell::api {

/// A list that is null or absent leaves the stored one, [] clears it.
Result<> read_provision(std::string_view body, ProvisionConfig& config);
/// With what has become of it.
std::string json_of(const ProvisionConfig& config, const ProvisionState& state);
/// {"provisionConfigs": […], "nextToken"}; `states` are those of the page's items.
std::string json_of(const Page<ProvisionConfig>& page, const std::vector<ProvisionState>& states);

Result<> read_on_demand(std::string_view body, OnDemandConfig& config);
std::string json_of(const OnDemandConfig& config);
/// {"configs": […], "nextToken"}
std::string json_of(const Page<OnDemandConfig>& page);

Result<> read_async(std::string_view body, AsyncConfig& config);
std::string json_of(const AsyncConfig& config);
/// {"configs": […], "nextToken"}; the token is "" on the last page, as FC has it here.
std::string json_of(const Page<AsyncConfig>& page);
/// Whose they are only.
std::string functions_json_of(const Page<AsyncConfig>& page);

}  // namespace hotcell::api
