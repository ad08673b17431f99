// Versions, which never change once published, and aliases, which point at them.
#include "engine/catalog/ledger_state.h"
#include "engine/catalog/pages.h"
#include "engine/catalog/routing.h"

namespace hotcell::catalog {

namespace {

constexpr char kVersions = 'v', kAliases = 'a';

Result<> check_target(const ServiceEntry& entry, const std::string& version) {
    if (version == kLatest) return {};
    const auto id = read_version_id(version);
    if (!id || !entry.versions.find(*id)) return no_version(entry.service().name, version);
    return {};
}

Result<> check_targets(const ServiceEntry& entry, const Alias& alias) {
    TRY(check(alias));
    TRY(check_target(entry, alias.version));
    for (const auto& [version, weight] : alias.extra_weights) TRY(check_target(entry, version));
    return {};
}

ServiceEntry with_alias(ServiceEntry entry, Alias alias) {
    auto aliases = std::make_shared<ByName<AliasEntry>>(*entry.aliases);
    aliases->put(std::make_shared<const AliasEntry>(entry_of(std::move(alias))));
    entry.aliases = std::move(aliases);
    return entry;
}

/// The first id of a page; 0: begin at the list's end that comes first.
Result<std::uint64_t> first_version(const VersionsRequest& request) {
    std::string text = request.start_key;
    if (!request.next_token.empty()) {
        const auto named = read_token(kVersions, request.next_token);
        if (!named) return refuse_value("nextToken", "the nextToken of the page before", request.next_token);
        text = *named;
    }
    if (text.empty()) return 0;
    const auto id = read_version_id(text);
    if (!id) return refuse_value("startKey", "a version's id", text);
    return *id;
}

}  // namespace

Result<Version> Ledger::publish_version(std::string_view service, std::string description, std::string_view if_match) {
    TRY(check_description(description));
    const std::scoped_lock lock(state_->write_lock);
    ServiceEntry entry = *TRY(state_->entry(service));
    TRY(check_match(if_match, entry.service().etag));
    const auto newest = entry.versions.newest();
    if (newest && newest->service->service.settings == entry.service().settings &&
        is_same(*newest->functions, *entry.functions))
        return refuse(ErrorKind::Conflict, "VersionPublishError",
                      "service " + quoted(service) + " has not changed since version " + newest->name);
    auto made = std::make_shared<VersionEntry>();
    made->version.id = entry.last_version + 1;
    made->version.description = std::move(description);
    made->version.created_ms = made->version.modified_ms = now_ms();
    made->name = std::to_string(made->version.id);
    made->service = entry.latest;
    made->functions = entry.functions;
    StoredVersion stored{entry.service().id, made->version, made->service->number, {}};
    for (const auto& revision : made->functions->all()) stored.functions.push_back(revision->number);
    TRY_IN("publish a version", state_->store.insert(stored));
    entry.last_version = made->version.id;
    Version answer = made->version;
    entry.versions.append(std::move(made));
    state_->publish(std::move(entry));
    return answer;
}

Result<std::shared_ptr<const VersionEntry>> Ledger::delete_version(std::string_view service, std::uint64_t id) {
    const std::scoped_lock lock(state_->write_lock);
    ServiceEntry entry = *TRY(state_->entry(service));
    const auto found = entry.versions.find(id);
    if (!found) return no_version(service, std::to_string(id));
    const Unused unused = unused_without(entry, *found);
    TRY_IN("delete a version", state_->store.remove_version(entry.service().id, id, unused));
    entry.versions.remove(id);
    state_->publish(std::move(entry));
    for (const auto& revision : found->functions->all())
        if (std::ranges::find(unused.function_revisions, revision->number) != unused.function_revisions.end())
            state_->release(revision->function.code);
    return found;
}

Result<Page<Version>> Ledger::versions(std::string_view service, const VersionsRequest& request) const {
    TRY(check_limit(request.limit));
    const std::uint64_t first = TRY(first_version(request));
    const auto entry = TRY(state_->entry(service));
    const VersionList& list = entry->versions;
    auto at = request.forward ? list.after(first == 0 ? 0 : first - 1)
                              : (first == 0 || first >= INT64_MAX ? list.newest() : list.before(first + 1));
    Page<Version> page;
    for (; at; at = request.forward ? list.after(at->version.id) : list.before(at->version.id)) {
        if (page.items.size() == request.limit) {
            page.next_token = make_token(kVersions, at->name);
            break;
        }
        page.items.push_back(at->version);
    }
    return page;
}

Result<Alias> Ledger::create_alias(std::string_view service, Alias alias) {
    TRY(check(alias));
    const std::scoped_lock lock(state_->write_lock);
    const auto entry = TRY(state_->entry(service));
    if (entry->aliases->find(alias.name))
        return refuse(ErrorKind::Conflict, "AliasAlreadyExists",
                      "alias " + quoted(alias.name) + " of service " + quoted(service) + " already exists");
    TRY(check_targets(*entry, alias));
    alias.created_ms = alias.modified_ms = now_ms();
    alias.etag = new_etag();
    TRY_IN("create an alias", state_->store.put(entry->service().id, alias));
    state_->publish(with_alias(*entry, alias));
    return alias;
}

Result<Alias> Ledger::update_alias(std::string_view service, std::string_view name, const AliasChange& change,
                                   std::string_view if_match) {
    const std::scoped_lock lock(state_->write_lock);
    const auto entry = TRY(state_->entry(service));
    const auto found = entry->aliases->find(name);
    if (!found) return no_alias(service, name);
    TRY(check_match(if_match, found->alias.etag));
    Alias updated = found->alias;
    set_if(updated.description, change.description);
    set_if(updated.version, change.version);
    set_if(updated.extra_weights, change.extra_weights);
    TRY(check_targets(*entry, updated));
    touch(updated);
    TRY_IN("update an alias", state_->store.put(entry->service().id, updated));
    state_->publish(with_alias(*entry, updated));
    return updated;
}

Result<Alias> Ledger::alias(std::string_view service, std::string_view name) const {
    const auto found = TRY(state_->entry(service))
    ->aliases->find(name);
    if (!found) return no_alias(service, name);
    return found->alias;
}

Result<> Ledger::delete_alias(std::string_view service, std::string_view name, std::string_view if_match) {
    const std::scoped_lock lock(state_->write_lock);
    ServiceEntry entry = *TRY(state_->entry(service));
    const auto found = entry.aliases->find(name);
    if (!found) return no_alias(service, name);
    TRY(check_match(if_match, found->alias.etag));
    TRY_IN("delete an alias", state_->store.remove_alias(entry.service().id, name));
    auto aliases = std::make_shared<ByName<AliasEntry>>(*entry.aliases);
    aliases->remove(name);
    entry.aliases = std::move(aliases);
    state_->publish(std::move(entry));
    return {};
}

Result<Page<Alias>> Ledger::aliases(std::string_view service, const PageRequest& request) const {
    TRY(check(request));
    const auto entry = TRY(state_->entry(service));
    return page_of<Alias, AliasEntry>(kAliases, entry->aliases->all(), request,
                                      [](const AliasEntry& one) { return one.alias; });
}

}  // namespace hotcell::catalog
