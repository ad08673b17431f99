// Invocations, environments and runtimes as the API writes them. The shapes are those of docs/api/openapi.yaml.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/api/call_service.h"

namespace hotcell::api {

/// Without the payload: what happened, where the time went, the tail of the log when it was asked for.
std::string json_of(const InvokeReport& report);
/// As /v1/instances has them.
std::string json_of(const std::vector<Instance>& instances);
/// As FC has them: {"instances": [{"instanceId", "versionId"}]}, "0" being LATEST.
std::string fc_json_of(const std::vector<Instance>& instances);
std::string json_of(const std::vector<RuntimeSummary>& runtimes);
/// {"evicted": 3}
std::string json_of_evicted(std::uint64_t count);

}  // namespace hotcell::api
