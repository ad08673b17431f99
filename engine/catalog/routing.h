// Which version a call means: service.qualifier and function, resolved against one snapshot.
//
// An alias with weights draws for each call by itself, from a generator of the calling thread's own: uniform, without memory of
// the draws before and without a lock. Nothing is allocated when something is found. Threads: any.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/catalog/snapshot.h"

namespace hotcell::catalog {

struct Route {
    std::shared_ptr<const Service> service;
    std::shared_ptr<const Function> function;
    std::string version;  // "LATEST" or an id
};

/// NotFound: ServiceNotFound, VersionNotFound (of an alias whose version was deleted, too), AliasNotFound, FunctionNotFound.
Result<Route> route(const Snapshot& snapshot, std::string_view service, std::string_view qualifier,
                    std::string_view function);

/// The functions and the service that a qualifier means. Of an alias: those of the version it points at, without a draw.
struct Qualified {
    std::shared_ptr<const ServiceEntry> entry;
    std::shared_ptr<const VersionEntry> version;  // null: LATEST
    const FunctionSet& functions() const { return version ? *version->functions : *entry->functions; }
};
Result<Qualified> resolve(const Snapshot& snapshot, std::string_view service, std::string_view qualifier);

/// A version's id as it is written; nothing for any other text.
std::optional<std::uint64_t> read_version_id(std::string_view text);

/// What an alias keeps of its weights for routing.
AliasEntry entry_of(Alias alias);

}  // namespace hotcell::catalog
