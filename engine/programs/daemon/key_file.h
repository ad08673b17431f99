// The access keys that may sign requests, as their file holds them.
#pragma once

#include <memory>
#include <string>

#include "engine/api/signing/keys.h"

namespace hotcell::daemon {

/// An empty path: no keys but the server's own. InvalidArgument for lines that are none (keys.h), and for a file that
/// anybody but its owner may read or write.
Result<std::shared_ptr<const api::signing::KeyRing>> read_keys(const std::string& path);

}  // namespace hotcell::daemon
