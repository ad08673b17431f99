// Lines of logs as the API writes them and asks for them. The shapes are those of docs/api/openapi.yaml.
#pragma once

#include <string>
#include <string_view>

#include "hotcell/error.h"
#include "hotcell/logs.h"
#include "hotcell/units.h"

namespace hotcell::api {

struct LogRequest {
    LogQuery query{};
    Millis wait{};
};

/// service, function, version, requestId, instanceId, match, since and until (ms since 1970), after, limit, wait (60 s at most).
/// InvalidArgument for other fields too: a filter that is overlooked would show what was not asked for.
Result<LogRequest> read_log_request(std::string_view query);

/// {"lines": […], "last": …, "lost": …}
std::string json_of(const LogPage& page);

}  // namespace hotcell::api
