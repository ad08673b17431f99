// What the catalog wants to be kept ready, with the versions that qualifiers mean now. Threads: any.
#pragma once

#include <vector>

#include "engine/dispatch/provision/provisioner.h"
#include "hotcell/catalog.h"

namespace hotcell::embed {

std::vector<dispatch::ProvisionGoal> provision_goals(const Catalog& catalog);
/// Whether an alias of the service points at the version.
bool is_meant_by_alias(const Catalog& catalog, const std::string& service, const std::string& version);

}  // namespace hotcell::embed
