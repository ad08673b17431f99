// Names as they stand in paths, queries and ARNs: services with or without a qualifier, functions, layers, resources.
//
// Here: the form of names. Not here: that something of that name exists.
// Threads: functions of their arguments.
#pragma once

#include <string>
#include <string_view>

#include "hotcell/catalog.h"

namespace hotcell::api {

/// 1..`most` of A-Z a-z 0-9 _ -, beginning with a letter or '_'. The error names `field` and shows the value.
Result<> check_name(std::string_view field, std::string_view name, std::size_t most);
Result<std::string> read_service_name(std::string_view name);
Result<std::string> read_function_name(std::string_view name);

/// "", "LATEST", the id of a version or the name of an alias.
Result<> check_qualifier(std::string_view qualifier);

struct QualifiedName {
    std::string service;
    std::string qualifier;  // empty: none was given
};
/// "img", "img.LATEST", "img.3" or "img.prod".
Result<QualifiedName> read_qualified_service(std::string_view segment);

/// Of "acs:fc:REGION:ACCOUNT:services/NAME" or "services/NAME", as a tag's resource is named. Region and account may be
/// any: clients keep those of the account they were written for.
Result<std::string> read_service_arn(std::string_view arn);
std::string arn_of_service(std::string_view service);
/// "acs:fc:REGION:ACCOUNT:services/S.Q/functions/F"
std::string arn_of(const FunctionReference& function);

}  // namespace hotcell::api
