// Whether a service, a function, a change to one or a page request is within the rules of limits.h.
//
// Here: InvalidArgument with Function Compute's words ("timeout is set to an invalid value (allowed: 1-86400, actual:
// '0')"). Not here: whether what is named exists. Pure; any thread.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "hotcell/catalog.h"

namespace hotcell::catalog {

/// `code` is Function Compute's name of the failure.
std::unexpected<Error> refuse(ErrorKind kind, std::string code, std::string words);
/// InvalidArgument: "field is set to an invalid value (allowed: ..., actual: '...')"; `actual` is made printable.
std::unexpected<Error> refuse_value(std::string_view field, std::string_view allowed, std::string_view actual);

Result<> check_service_name(std::string_view name);
Result<> check_function_name(std::string_view name);
Result<> check_environment(const std::map<std::string, std::string>& environment);

Result<> check(const Service& service);
Result<> check(const ServiceChange& change);
/// `runtimes` are the names of those that this engine has.
Result<> check(const Function& function, std::span<const std::string> runtimes);
Result<> check(const FunctionChange& change, std::span<const std::string> runtimes);
Result<> check(const PageRequest& page);

}  // namespace hotcell::catalog
