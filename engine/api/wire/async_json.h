// Stateful asynchronous calls as the API writes them and asks for them. The shapes are those of docs/api/openapi.yaml.
#pragma once

#include <string>
#include <string_view>

#include "hotcell/catalog.h"
#include "hotcell/invocation.h"

namespace hotcell::api {

/// With its payloads, as text, and what has happened to it.
std::string json_of(const AsyncRecord& record);
/// {"invocations": […], "nextToken": …}
std::string json_of(const Page<AsyncRecord>& page);

/// limit, nextToken, status, startedTimeBegin, startedTimeEnd, sortOrderByTime (asc or desc), invocationIdPrefix, includePayload.
Result<AsyncListRequest> read_async_list(std::string_view query);

}  // namespace hotcell::api
