// What is kept beside functions: triggers, how much is kept ready, how many there may be, what becomes of asynchronous calls, and
// versions of layers.
//
// None of it is part of versions. Immutable once it is in a snapshot; threads: any.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include "hotcell/catalog.h"

namespace hotcell::catalog {

/// Where a document belongs. `name` is a trigger's, or the qualifier of a configuration ("LATEST", never empty), or the version of
/// a layer, which has no service and its own name for a function's.
struct Place {
    std::string service;
    std::string function;
    std::string name;
    auto operator<=>(const Place&) const = default;
};

template <class Document>
using Filed = std::map<Place, Document>;

struct Documents {
    Filed<Trigger> triggers;
    Filed<ProvisionConfig> provisions;
    Filed<OnDemandConfig> on_demands;
    Filed<AsyncConfig> asyncs;
    Filed<Layer> layers;
};

template <class Document, class Of>
auto& filed(Of& documents) {
    if constexpr (std::is_same_v<Document, Trigger>)
        return documents.triggers;
    else if constexpr (std::is_same_v<Document, ProvisionConfig>)
        return documents.provisions;
    else if constexpr (std::is_same_v<Document, OnDemandConfig>)
        return documents.on_demands;
    else if constexpr (std::is_same_v<Document, AsyncConfig>)
        return documents.asyncs;
    else
        return documents.layers;
}

template <class Document>
constexpr std::string_view kind_of() {
    if constexpr (std::is_same_v<Document, Trigger>) return "trigger";
    if constexpr (std::is_same_v<Document, ProvisionConfig>) return "provision";
    if constexpr (std::is_same_v<Document, OnDemandConfig>) return "on-demand";
    if constexpr (std::is_same_v<Document, AsyncConfig>) return "async";
    return "layer";
}

inline Place place_of(const Trigger& trigger) { return {trigger.service, trigger.function, trigger.name}; }
/// Versions in the order of their numbers.
inline Place place_of_layer(const std::string& name, std::uint32_t version) {
    const std::string digits = std::to_string(version);
    return {{}, name, std::string(10 - digits.size(), '0') + digits};
}
inline Place place_of(const Layer& layer) { return place_of_layer(layer.name, layer.version); }
inline Place place_of(const FunctionReference& of) {
    return {of.service, of.function, of.qualifier.empty() ? std::string(kLatest) : of.qualifier};
}
template <class Config>
Place place_of(const Config& config) {
    return place_of(config.of);
}

}  // namespace hotcell::catalog
