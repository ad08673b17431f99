// Which service, version and function a request is about: from its path and, in the tree 2021-04-06, its query.
#pragma once

#include <string>

#include "engine/api/message.h"
#include "hotcell/catalog.h"

namespace hotcell::api {

/// "services/{service}[.qualifier]" or "?qualifier=", and the function where the route's path has one. InvalidArgument for
/// names out of form, and for two qualifiers that differ.
Result<FunctionReference> target_of(const Request& request);

/// The same for what can be changed only: InvalidArgument for another qualifier than LATEST.
Result<FunctionReference> latest_target_of(const Request& request);

}  // namespace hotcell::api
