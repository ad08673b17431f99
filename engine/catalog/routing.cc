#include "engine/catalog/routing.h"

#include <charconv>
#include <random>

#include "engine/catalog/missing.h"

namespace hotcell::catalog {

namespace {

/// 0..kShares-1, each as likely. A splitmix64 sequence (Steele, Lea, Flood 2014) from a seed of the kernel's for each thread.
std::uint64_t draw() {
    thread_local std::uint64_t state = [] {
        std::random_device seed;  // getrandom(2)
        return (std::uint64_t{seed()} << 32) | seed();
    }();
    std::uint64_t z = (state += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (z ^ (z >> 31)) >> 11;
}

bool is_number(std::string_view text) { return !text.empty() && text.find_first_not_of("0123456789") == text.npos; }

/// The id that an alias's call goes to; 0: LATEST.
std::uint64_t choose(const AliasEntry& alias, bool by_weight) {
    return by_weight && alias.extra_share != 0 && draw() < alias.extra_share ? alias.extra : alias.version;
}

Result<Qualified> resolve(const Snapshot& snapshot, std::string_view service, std::string_view qualifier,
                          bool by_weight) {
    Qualified found;
    found.entry = snapshot.service(service);
    if (!found.entry) return no_service(service);
    if (qualifier.empty() || qualifier == kLatest) return found;
    std::uint64_t id = 0;
    if (is_number(qualifier)) {
        id = read_version_id(qualifier).value_or(0);
        if (id == 0) return no_version(service, qualifier);
    } else {
        const auto alias = found.entry->aliases->find(qualifier);
        if (!alias) return no_alias(service, qualifier);
        id = choose(*alias, by_weight);
        if (id == 0) return found;
    }
    found.version = found.entry->versions.find(id);
    if (!found.version) return no_version(service, std::to_string(id));
    return found;
}

}  // namespace

std::optional<std::uint64_t> read_version_id(std::string_view text) {
    std::uint64_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc() || end != text.data() + text.size() || id == 0 || id > INT64_MAX || text[0] == '0')
        return std::nullopt;
    return id;
}

AliasEntry entry_of(Alias alias) {
    AliasEntry entry{std::move(alias)};
    entry.version = read_version_id(entry.alias.version).value_or(0);
    for (const auto& [version, weight] : entry.alias.extra_weights) {
        entry.extra = read_version_id(version).value_or(0);
        entry.extra_share = static_cast<std::uint64_t>(weight * static_cast<double>(kShares));
    }
    return entry;
}

Result<Qualified> resolve(const Snapshot& snapshot, std::string_view service, std::string_view qualifier) {
    return resolve(snapshot, service, qualifier, false);
}

Result<Route> route(const Snapshot& snapshot, std::string_view service, std::string_view qualifier,
                    std::string_view function) {
    Qualified found = TRY(resolve(snapshot, service, qualifier, true));
    auto revision = found.functions().find(function);
    if (!revision) return no_function(service, function);
    const auto& settings = found.version ? found.version->service : found.entry->latest;
    return Route{{settings, &settings->service},
                 function_of(std::move(revision)),
                 found.version ? found.version->name : std::string(kLatest)};
}

}  // namespace hotcell::catalog
