// What a deployment would do, without doing it.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>

#include "engine/programs/cli/http_client.h"
#include "engine/programs/cli/target.h"

namespace hotcell::cli {

/// Prints whether `target` would be created, changed or stay as it is, and each member that would become another.
/// `wanted` is the document without the code, `package` a zip file's bytes.
Outcome<int> show_plan(const Host& host, const Target& target, const boost::json::object& wanted,
                       const std::optional<std::string>& package, bool as_json);

}  // namespace hotcell::cli
