// The JSON that travels to a shim, and the error documents that the engine writes in a shim's place.
//
// The keys are those of docs/protocol/shim-channel.md. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "engine/environment/runtime/manifest.h"
#include "hotcell/catalog.h"

namespace hotcell::environment {

/// Whose environment it is.
struct Loaded {
    const Service& service;
    const Function& function;
    std::string_view version;
    std::string_view instance_id;
};
/// What the engine says of itself.
inline constexpr std::string_view kRegion = "local";
inline constexpr std::string_view kAccount = "0";

/// The whole environment of a function's process, by name.
std::map<std::string, std::string> process_environment(const Manifest& manifest, const Loaded& loaded);

struct CallContext {
    std::string_view request_id;  // letters, digits and '-'
    std::string_view qualifier;   // a name of the catalog's
    std::int64_t deadline_ms = 0;
    std::uint32_t retry_count = 0;
};

/// The LOAD document: whose environment this is, with the process's whole environment.
std::string load_document(const Manifest& manifest, const Loaded& loaded);
/// The context of one call.
std::string call_context(const CallContext& call);
/// {"errorMessage": …, "errorType": …}
std::string error_document(std::string_view message, std::string_view type);

}  // namespace hotcell::environment
