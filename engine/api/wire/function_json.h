// Functions as the API reads and writes them. The shapes are those of docs/api/openapi.yaml.
//
// Members of FC's documents that this engine has no answer to (containers, GPUs, code in a bucket) are written with the
// value that means "unset" and read when they ask for nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "hotcell/catalog.h"

namespace hotcell::api {

struct NewFunction {
    Function function;
    std::string zip;
};
Result<NewFunction> read_function(std::string service, std::string_view body);
Result<FunctionChange> read_function_change(std::string_view body);

std::string json_of(const Function& function);
/// {"functions": […], "nextToken": …}
std::string json_of(const Page<Function>& page);
/// {"url", "checksum"}: where the package can be had, and its CRC-64.
std::string json_of_code(std::string_view url, std::uint64_t checksum);

/// The header X-Fc-Code-Checksum: an unsigned decimal number.
Result<std::uint64_t> read_checksum(std::string_view text);

}  // namespace hotcell::api
