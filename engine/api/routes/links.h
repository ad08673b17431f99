// Addresses of packages on this very server, which clients get without credentials for a while: what Function Compute does
// with signed URLs of its object storage.
#pragma once

#include <string>

#include "engine/api/routes/route.h"

namespace hotcell::api {

/// "http://HOST/v1/packages/services/S.Q/functions/F?x-fc-…", good for ten minutes.
std::string function_link(const Services& services, const Request& request, const FunctionReference& of);
std::string layer_link(const Services& services, const Request& request, const Layer& layer);

}  // namespace hotcell::api
