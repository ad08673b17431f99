// Services, functions, instances, invocations as the API writes them. The shapes are those of docs/api/openapi.yaml.
//
// Members of FC's documents that this engine has no answer to yet are there, with the value that means "unset".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/api/function_service.h"
#include "hotcell/catalog.h"

namespace hotcell::api {

std::string json_of(const Service& service);
std::string json_of(const Function& function);
/// {"services": […], "nextToken": …}; the token is absent on the last page.
std::string json_of(const Page<Service>& page);
/// {"functions": […], "nextToken": …}
std::string json_of(const Page<Function>& page);

/// Without the payload: what happened, where the time went, the tail of the log when it was asked for.
std::string json_of(const InvokeReport& report);
std::string json_of(const std::vector<Instance>& instances);
std::string json_of(const std::vector<RuntimeSummary>& runtimes);
/// {"evicted": 3}
std::string json_of_evicted(std::uint64_t count);

/// "2016-11-02T08:00:00.000Z" for milliseconds since 1970.
std::string iso_time(std::int64_t milliseconds);

}  // namespace hotcell::api
