// The commands of releases: versions and aliases of a service.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/programs/cli/http_client.h"

namespace hotcell::cli {

/// A version of the service as it is now. `alias`, when not empty, points at it afterwards.
Outcome<int> publish_version(const Host& host, const std::string& service, const std::string& description,
                             const std::string& alias, bool as_json);
Outcome<int> list_versions(const Host& host, const std::string& service, bool as_json);
Outcome<int> remove_version(const Host& host, const std::string& service, const std::string& version);

struct AliasOptions {
    std::string target;   // SERVICE/ALIAS
    std::string version;  // "3" or "LATEST"
    /// Per cent of the calls that `version` gets, the rest staying with the version that the alias points at; unset: all.
    std::optional<double> weight;
    std::optional<std::string> description;
};
/// Makes the alias where it is missing; a weight needs one that is there.
Outcome<int> set_alias(const Host& host, const AliasOptions& options, bool as_json);
/// The version that got a share gets all calls.
Outcome<int> promote_alias(const Host& host, const std::string& target, bool as_json);
/// The version that got a share gets none any more; where none did, the newest version before the present one gets all.
Outcome<int> roll_alias_back(const Host& host, const std::string& target, bool as_json);
Outcome<int> list_aliases(const Host& host, const std::string& service, bool as_json);
Outcome<int> remove_alias(const Host& host, const std::string& target);

}  // namespace hotcell::cli
