// hotcell status SERVICE/FUNCTION: what is deployed, the environments that stand, how calls went.
#pragma once

#include <string>

#include "engine/programs/cli/http_client.h"

namespace hotcell::cli {

/// Calls are counted since the engine started.
Outcome<int> show_function_status(const Host& host, const std::string& target, bool as_json);

}  // namespace hotcell::cli
