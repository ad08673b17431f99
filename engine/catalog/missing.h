// What is not there, in Function Compute's words.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/catalog/rules/rules.h"

namespace hotcell::catalog {

inline std::string quoted(std::string_view name) { return "'" + std::string(name) + "'"; }

inline std::unexpected<Error> no_service(std::string_view name) {
    return refuse(ErrorKind::NotFound, "ServiceNotFound", "service " + quoted(name) + " does not exist");
}
inline std::unexpected<Error> no_function(std::string_view service, std::string_view name) {
    return refuse(ErrorKind::NotFound, "FunctionNotFound",
                  "function " + quoted(name) + " does not exist in service " + quoted(service));
}
inline std::unexpected<Error> already_exists(std::string_view service, std::string_view function) {
    return refuse(ErrorKind::Conflict, "FunctionAlreadyExists",
                  "function " + quoted(function) + " already exists in service " + quoted(service));
}
inline std::unexpected<Error> no_version(std::string_view service, std::string_view id) {
    return refuse(ErrorKind::NotFound, "VersionNotFound",
                  "version " + quoted(id) + " of service " + quoted(service) + " does not exist");
}
inline std::unexpected<Error> no_alias(std::string_view service, std::string_view name) {
    return refuse(ErrorKind::NotFound, "AliasNotFound",
                  "alias " + quoted(name) + " of service " + quoted(service) + " does not exist");
}
inline std::unexpected<Error> no_layer(std::string_view name) {
    return refuse(ErrorKind::NotFound, "LayerNotFound", "layer " + quoted(name) + " does not exist");
}
inline std::unexpected<Error> no_layer_version(std::string_view name, std::uint32_t version) {
    return refuse(ErrorKind::NotFound, "LayerVersionNotFound",
                  "version " + quoted(std::to_string(version)) + " of layer " + quoted(name) + " does not exist");
}
inline std::unexpected<Error> no_trigger(std::string_view name) {
    return refuse(ErrorKind::NotFound, "TriggerNotFound", "trigger " + quoted(name) + " does not exist");
}

}  // namespace hotcell::catalog
