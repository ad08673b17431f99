// What a request of the FC tree asks for: names in paths, services and functions in bodies, pages in queries.
//
// Here: syntax, types, the form of names, members that are known and not supported yet. Members that nobody knows are
// left aside, since clients send more than any one version of the API names. Not here: ranges and the reserved names of
// variables, which the engine judges for every caller.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hotcell/catalog.h"
#include "hotcell/error.h"

namespace hotcell::api {

/// "img" or "img.LATEST" of a path, decoded.
struct QualifiedName {
    std::string service;
    std::string qualifier;  // empty, or "LATEST"
};

/// 1..`most` of A-Z a-z 0-9 _ -, beginning with a letter or '_'. The error names `field` and shows the value.
Result<> check_name(std::string_view field, std::string_view name, std::size_t most);

/// VersionNotFound or AliasNotFound for a qualifier other than LATEST: nothing else can be published yet.
Result<QualifiedName> read_qualified_service(std::string_view segment);
Result<std::string> read_service_name(std::string_view name);
Result<std::string> read_function_name(std::string_view name);

Result<Service> read_service(std::string_view body);
Result<ServiceChange> read_service_change(std::string_view body);

struct NewFunction {
    Function function;
    std::string zip;
};
Result<NewFunction> read_function(std::string service, std::string_view body);
Result<FunctionChange> read_function_change(std::string_view body);

/// limit, prefix, startKey, nextToken; other fields are left aside.
Result<PageRequest> read_page_request(std::string_view query);

/// The header X-Fc-Code-Checksum: an unsigned decimal number.
Result<std::uint64_t> read_checksum(std::string_view text);

}  // namespace hotcell::api
