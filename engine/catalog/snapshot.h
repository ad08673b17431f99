// The catalog as it stood after one commit: immutable, shared by everybody who reads.
//
// A commit makes the next one, which shares with it all services but the changed one, and of that one all that did not change:
// publishing a version copies pointers, never code or settings. Threads: any, without locks.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/catalog/by_name.h"
#include "engine/catalog/documents.h"
#include "engine/catalog/version_list.h"
#include "hotcell/catalog.h"

namespace hotcell::catalog {

struct AliasEntry {
    Alias alias;
    // what of the alias is needed for each call
    std::uint64_t version = 0;      // 0: LATEST
    std::uint64_t extra = 0;        // with extra_share != 0
    std::uint64_t extra_share = 0;  // of kShares
};
inline constexpr std::uint64_t kShares = 1ull << 53;  // a double's weight is a whole number of these
inline std::string_view name_of(const AliasEntry& entry) { return entry.alias.name; }

/// A service and what belongs to it.
struct ServiceEntry {
    std::shared_ptr<const ServiceRevision> latest;
    std::shared_ptr<const FunctionSet> functions = std::make_shared<const FunctionSet>();
    VersionList versions;
    std::uint64_t last_version = 0;  // the newest id ever given
    std::shared_ptr<const ByName<AliasEntry>> aliases = std::make_shared<const ByName<AliasEntry>>();

    const Service& service() const { return latest->service; }
};
inline std::string_view name_of(const ServiceEntry& entry) { return entry.service().name; }

class Snapshot {
public:
    Snapshot();
    static std::shared_ptr<const Snapshot> of(std::vector<ServiceEntry> entries);

    std::shared_ptr<const ServiceEntry> service(std::string_view name) const { return shard(name)->find(name); }
    /// Of LATEST; null when there is none.
    std::shared_ptr<const Function> function(std::string_view service, std::string_view name) const;
    /// In order of their names, from `from` on.
    std::vector<std::shared_ptr<const ServiceEntry>> services(std::string_view from = {}) const;

    const Documents& documents() const { return *documents_; }

    /// This one with other documents; with one service put in, replaced or left out.
    std::shared_ptr<const Snapshot> with(Documents documents) const;
    std::shared_ptr<const Snapshot> with(ServiceEntry entry) const;
    std::shared_ptr<const Snapshot> without(std::string_view service) const;

private:
    // parts by the hash of the name, so that a commit copies one part's index and the list of parts
    using Shard = ByName<ServiceEntry>;
    static constexpr std::size_t kShards = 256;
    static std::size_t place(std::string_view name) { return std::hash<std::string_view>()(name) % kShards; }
    const std::shared_ptr<const Shard>& shard(std::string_view name) const { return shards_[place(name)]; }

    std::array<std::shared_ptr<const Shard>, kShards> shards_;
    std::shared_ptr<const Documents> documents_ = std::make_shared<const Documents>();
};

}  // namespace hotcell::catalog
