// Where the end of an asynchronous call may be told: the ARN of a function, acs:fc:{region}:{account}:services/{service}[.qualifier]/
// functions/{function}. Pure.
//
// Not here: delivery (dispatch/async). Queues, topics and event buses are refused, each by its name, until the engine has them.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "hotcell/catalog.h"

namespace hotcell::catalog {

/// InvalidArgument, naming what is allowed. Region and account may be any: there is one of each here.
Result<FunctionReference> parse_destination(std::string_view arn);
std::string arn_of(const FunctionReference& of);

}  // namespace hotcell::catalog
