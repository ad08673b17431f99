// Whether a service, a function, an alias, a change to one or a page request is within the rules of limits.h.
//
// Here: InvalidArgument with Function Compute's words ("timeout is set to an invalid value (allowed: 1-86400, actual:
// '0')"), LimitExceededError for counts. Not here: whether what is named exists. Pure; any thread.
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
Result<> check_description(std::string_view description);
Result<> check_tags(const std::map<std::string, std::string>& tags);
Result<> check_limit(std::uint32_t limit);

Result<> check(const Service& service);
Result<> check(const ServiceChange& change);
/// `runtimes` are the names of those that this engine has.
Result<> check(const Function& function, std::span<const std::string> runtimes);
/// Each field by itself; whether it goes with the others is seen when it is with them.
Result<> check(const FunctionChange& change, std::span<const std::string> runtimes);
Result<> check(const Alias& alias);
Result<> check(const PageRequest& page);
Result<> check(const Trigger& trigger);
Result<> check(const ProvisionConfig& config);
Result<> check(const OnDemandConfig& config);
Result<> check(const AsyncConfig& config);
Result<> check(const Layer& layer);

// What a change makes of settings.
void apply(ServiceSettings& settings, const ServiceChange& change);
void apply(FunctionSettings& settings, const FunctionChange& change);

}  // namespace hotcell::catalog
