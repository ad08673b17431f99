// The engine's answers as the API writes them. The shapes are those of docs/api/openapi.yaml.
//
// Not here: services and functions (function_json.h), reading JSON (json_body.h).
#pragma once

#include <string>
#include <string_view>

#include "hotcell/engine.h"

namespace hotcell::api {

/// Durations in microseconds with three digits, sizes in bytes. Streams that are not UTF-8 are base64, and say so.
std::string json_of(const RunReport& report);
std::string json_of(const EngineDescription& description);

/// {ErrorCode, ErrorMessage, Code, Message, RequestId, Hint}: the union of what clients of both API trees look for.
std::string json_of_error(std::string_view code, std::string_view message, std::string_view hint,
                          std::string_view request_id);

/// One flat object of strings.
std::string json_of(std::initializer_list<std::pair<std::string_view, std::string_view>> fields);

}  // namespace hotcell::api
