// The commands about what stands ready: instance ls, instance evict, runtime ls.
#pragma once

#include <string>

#include "engine/programs/cli/http_client.h"

namespace hotcell::cli {

/// `target` is SERVICE, SERVICE/FUNCTION or empty: all.
Outcome<int> list_instances(const Host& host, const std::string& target, bool as_json);
/// Prints how many.
Outcome<int> evict_instances(const Host& host, const std::string& target, bool as_json);
Outcome<int> list_runtimes(const Host& host, bool as_json);

}  // namespace hotcell::cli
