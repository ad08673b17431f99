// The commands that keep functions: deploy, ls, rm.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/programs/cli/http_client.h"

namespace hotcell::cli {

/// What is unset stays as it is, or gets the engine's default when the function is new.
struct DeployOptions {
    std::string target;
    std::optional<std::string> runtime;
    std::optional<std::string> handler;
    std::optional<std::string> initializer;
    std::optional<std::string> description;
    std::optional<std::string> memory;   // "128" or "128MiB"
    std::optional<std::string> timeout;  // "3" or "3s"
    std::optional<std::string> initialization_timeout;
    std::vector<std::string> environment;  // NAME=VALUE; given once, they replace what was there
    std::optional<std::string> code;       // a directory, a zip file, or one file
    bool publish = false;                  // a version of the service afterwards
    std::string alias;                     // that points at the version; with `publish`
    bool dry_run = false;                  // show what would be done
};

/// Creates the service when it is missing, then creates or changes the function.
Outcome<int> deploy_function(const Host& host, const DeployOptions& options, bool as_json);

/// Functions of all services, or of one.
Outcome<int> list_functions(const Host& host, const std::string& service, bool as_json);

/// A function, or a service that has none. Asks, unless `yes`; without a terminal it does not ask, and refuses.
Outcome<int> remove_target(const Host& host, const std::string& target, bool yes);

}  // namespace hotcell::cli
