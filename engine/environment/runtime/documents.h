// The JSON that travels to a shim, and the error documents that the engine writes in a shim's place.
//
// The keys are those of docs/protocol/shim-channel.md. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/environment/runtime/manifest.h"
#include "hotcell/function.h"

namespace hotcell::environment {

/// The LOAD document: whose environment this is, with the process's whole environment.
std::string load_document(const Manifest& manifest, const Service& service, const Function& function,
                          const std::string& instance_id);
/// The context of one call. `request_id` is a UUID.
std::string call_context(std::string_view request_id, std::int64_t deadline_ms);
/// {"errorMessage": …, "errorType": …}
std::string error_document(std::string_view message, std::string_view type);

}  // namespace hotcell::environment
