// Where the parts of an installation lie when the options do not say: beside the program in a build tree, below the
// same prefix when installed.
#pragma once

#include <string>

#include "engine/base/result.h"
#include "hotcell/engine.h"

namespace hotcell::embed {

/// Makes every directory of the options absolute and fills in the empty ones. NotFound names what is missing.
Result<> fill_in_places(EngineOptions& options);
/// The recipe of the root tree lies beside the runtimes.
std::string rootfs_directory(const EngineOptions& options);

}  // namespace hotcell::embed
