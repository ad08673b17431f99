#include "engine/catalog/ledger.h"

#include <chrono>
#include <map>
#include <unordered_map>

#include "engine/catalog/ledger_state.h"
#include "engine/catalog/pages.h"
#include "engine/catalog/routing.h"
#include "engine/linux/files/files.h"

namespace hotcell::catalog {

namespace {

constexpr char kServices = 's';

/// The rows of a catalog, put together to services by their ids.
class Loading {
public:
    Result<> read(CatalogStore& store) {
        for (StoredService& one : TRY(store.read_services())) {
            ServiceEntry& entry = entries_[one.service.id];
            entry.last_version = one.last_version;
            latest_[one.revision] = &entry;
            services_[one.service.id] = std::move(one.service);
        }
        for (StoredServiceRevision& one : TRY(store.read_service_revisions())) TRY(add(std::move(one)));
        for (StoredFunctionRevision& one : TRY(store.read_function_revisions())) TRY(add(std::move(one)));
        for (auto& [id, functions] : functions_) entries_.at(id).functions = FunctionSet::of(std::move(functions));
        for (StoredVersion& one : TRY(store.read_versions())) TRY(add(std::move(one)));
        for (StoredAlias& one : TRY(store.read_aliases())) {
            ServiceEntry& entry = TRY(entry_of_service(one.service_id))
            .get();
            auto aliases = std::make_shared<ByName<AliasEntry>>(*entry.aliases);
            aliases->put(std::make_shared<const AliasEntry>(entry_of(std::move(one.alias))));
            entry.aliases = std::move(aliases);
        }
        return {};
    }
    std::unordered_map<std::string, ServiceEntry> entries_;
    std::vector<CodeIdentity> codes_;

private:
    static std::unexpected<Error> damaged(const std::string& what) {
        return fail(ErrorKind::Broken, "the catalog is damaged: " + what + " belongs to nothing");
    }
    Result<std::reference_wrapper<ServiceEntry>> entry_of_service(const std::string& id) {
        const auto found = entries_.find(id);
        if (found == entries_.end()) return damaged("something of service " + id);
        return std::ref(found->second);
    }
    Result<> add(StoredServiceRevision one) {
        const auto service = services_.find(one.service_id);
        if (service == services_.end()) return damaged("settings " + std::to_string(one.number));
        auto revision = std::make_shared<ServiceRevision>();
        revision->service = service->second;
        revision->service.settings = std::move(one.settings);
        revision->service.modified_ms = one.modified_ms;
        revision->service.etag = std::move(one.etag);
        revision->number = one.number;
        if (const auto at = latest_.find(one.number); at != latest_.end()) at->second->latest = revision;
        service_revisions_[one.number] = std::move(revision);
        return {};
    }
    Result<> add(StoredFunctionRevision one) {
        const auto service = services_.find(one.service_id);
        if (service == services_.end()) return damaged("function revision " + std::to_string(one.number));
        auto revision = std::make_shared<FunctionRevision>();
        revision->function = std::move(one.function);
        revision->function.service = service->second.name;
        revision->number = one.number;
        codes_.push_back(revision->function.code);
        if (one.is_latest) functions_[one.service_id].push_back(revision);
        function_revisions_[one.number] = std::move(revision);
        return {};
    }
    Result<> add(StoredVersion one) {
        ServiceEntry& entry = TRY(entry_of_service(one.service_id))
        .get();
        auto version = std::make_shared<VersionEntry>();
        version->version = std::move(one.version);
        version->name = std::to_string(version->version.id);
        version->service = service_revisions_[one.service_revision];
        std::vector<FunctionSet::Pointer> functions;
        for (const std::int64_t number : one.functions) {
            functions.push_back(function_revisions_[number]);
            if (!functions.back()) return damaged("version " + version->name + " of service " + one.service_id);
        }
        if (!version->service) return damaged("version " + version->name + " of service " + one.service_id);
        version->functions = FunctionSet::of(std::move(functions));
        entry.versions.append(std::move(version));
        return {};
    }

    std::unordered_map<std::string, Service> services_;
    std::unordered_map<std::int64_t, ServiceEntry*> latest_;
    std::unordered_map<std::int64_t, std::shared_ptr<const ServiceRevision>> service_revisions_;
    std::unordered_map<std::int64_t, FunctionSet::Pointer> function_revisions_;
    std::unordered_map<std::string, std::vector<FunctionSet::Pointer>> functions_;
};

}  // namespace

std::int64_t now_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::string new_etag() {
    std::string etag = linux::random_uuid();
    std::erase(etag, '-');
    return etag;
}

Result<> check_match(std::string_view if_match, const std::string& etag) {
    if (if_match.empty() || if_match == etag) return {};
    return refuse(ErrorKind::Conflict, "PreconditionFailed", "the resource being modified has been changed");
}

Unused unused_after_edit(const ServiceEntry& entry, const ServiceRevision& old) {
    const auto newest = entry.versions.newest();
    return {newest && newest->service->number == old.number ? 0 : old.number, {}};
}

Unused unused_after_edit(const ServiceEntry& entry, const FunctionRevision& old) {
    const auto newest = entry.versions.newest();
    if (newest && newest->functions->has(old.number)) return {};
    return {0, {old.number}};
}

Unused unused_without(const ServiceEntry& entry, const VersionEntry& version) {
    const VersionList::Pointer beside[] = {entry.versions.before(version.version.id),
                                           entry.versions.after(version.version.id)};
    Unused unused;
    bool service_used = entry.latest->number == version.service->number;
    for (const auto& one : beside) service_used |= one && one->service->number == version.service->number;
    if (!service_used) unused.service_revision = version.service->number;
    for (const auto& revision : version.functions->all()) {
        bool used = entry.functions->has(revision->number);
        for (const auto& one : beside) used |= one && one->functions->has(revision->number);
        if (!used) unused.function_revisions.push_back(revision->number);
    }
    return unused;
}

Result<> Ledger::State::load() {
    Loading loading;
    TRY(loading.read(store));
    codes = std::move(loading.codes_);
    std::vector<ServiceEntry> entries;
    for (auto& [id, entry] : loading.entries_) {
        if (!entry.latest) return fail(ErrorKind::Broken, "the catalog is damaged: service " + id + " has no settings");
        entries.push_back(std::move(entry));
    }
    publish(Snapshot::of(std::move(entries)));
    return load_documents();
}

Ledger::Ledger(std::unique_ptr<State> state) : state_(std::move(state)) {}
Ledger::Ledger(Ledger&&) noexcept = default;
Ledger& Ledger::operator=(Ledger&&) noexcept = default;
Ledger::~Ledger() = default;

Result<Ledger> Ledger::open(const std::string& path, std::vector<std::string> runtimes) {
    auto state = std::make_unique<State>(TRY(CatalogStore::open(path)), std::move(runtimes));
    TRY_IN("read the catalog", state->load());
    return Ledger(std::move(state));
}

std::shared_ptr<const Snapshot> Ledger::snapshot() const { return state_->snapshot(); }
std::vector<CodeIdentity> Ledger::take_codes() { return std::exchange(state_->codes, {}); }
void Ledger::on_codes(std::function<void(const CodeIdentity&)> taken,
                      std::function<void(const CodeIdentity&)> released) {
    const std::scoped_lock lock(state_->write_lock);
    state_->taken = std::move(taken);
    state_->released = std::move(released);
}

Result<Service> Ledger::create_service(Service service) {
    TRY(check(service));
    const std::scoped_lock lock(state_->write_lock);
    if (state_->snapshot()->service(service.name))
        return refuse(ErrorKind::Conflict, "ServiceAlreadyExists",
                      "service " + quoted(service.name) + " already exists");
    service.id = linux::random_uuid();
    service.version = kLatest;
    service.created_ms = service.modified_ms = now_ms();
    service.etag = new_etag();
    auto revision = std::make_shared<ServiceRevision>();
    revision->service = service;
    revision->number = TRY_IN("create a service", state_->store.insert(service));
    ServiceEntry entry;
    entry.latest = std::move(revision);
    state_->publish(std::move(entry));
    return service;
}

Result<Service> Ledger::update_service(std::string_view name, const ServiceChange& change, std::string_view if_match) {
    TRY(check(change));
    const std::scoped_lock lock(state_->write_lock);
    ServiceEntry entry = *TRY(state_->entry(name));
    TRY(check_match(if_match, entry.service().etag));
    auto revision = std::make_shared<ServiceRevision>(*entry.latest);
    apply(revision->service.settings, change);
    touch(revision->service);
    revision->number =
        TRY_IN("update a service", state_->store.update(revision->service, unused_after_edit(entry, *entry.latest)));
    Service updated = revision->service;
    entry.latest = std::move(revision);
    state_->publish(std::move(entry));
    return updated;
}

Result<Service> Ledger::service(std::string_view name, std::string_view qualifier) const {
    const Qualified found = TRY(resolve(*snapshot(), name, qualifier));
    if (!found.version) return found.entry->service();
    Service service = found.version->service->service;
    service.version = found.version->name;
    service.settings.description = found.version->version.description;
    service.tags = found.entry->service().tags;
    service.modified_ms = found.version->version.modified_ms;
    return service;
}

Result<> Ledger::delete_service(std::string_view name, std::string_view if_match) {
    const std::scoped_lock lock(state_->write_lock);
    const auto entry = TRY(state_->entry(name));
    TRY(check_match(if_match, entry->service().etag));
    if (entry->functions->size() > 0)
        return refuse(ErrorKind::Conflict, "ServiceNotEmpty", "service " + quoted(name) + " still has functions");
    if (entry->versions.size() > 0)
        return refuse(ErrorKind::Conflict, "ServiceNotEmpty", "service " + quoted(name) + " still has versions");
    TRY_IN("delete a service", state_->store.remove(entry->service(), {entry->latest->number, {}}));
    state_->publish(state_->snapshot()->without(name));
    state_->forget_documents(name);
    return {};
}

Result<> Ledger::State::set_tags(ServiceEntry entry, std::map<std::string, std::string> tags) {
    TRY(check_tags(tags));
    auto revision = std::make_shared<ServiceRevision>(*entry.latest);  // the same row
    revision->service.tags = std::move(tags);
    TRY_IN("tag a service", store.set_tags(revision->service));
    entry.latest = std::move(revision);
    publish(std::move(entry));
    return {};
}

Result<> Ledger::tag_service(std::string_view name, const std::map<std::string, std::string>& tags) {
    const std::scoped_lock lock(state_->write_lock);
    const auto entry = TRY(state_->entry(name));
    auto all = entry->service().tags;
    for (const auto& [key, value] : tags) all[key] = value;
    return state_->set_tags(*entry, std::move(all));
}

Result<> Ledger::untag_service(std::string_view name, const std::vector<std::string>& keys, bool all) {
    const std::scoped_lock lock(state_->write_lock);
    const auto entry = TRY(state_->entry(name));
    auto left = entry->service().tags;
    if (all) left.clear();
    for (const std::string& key : keys) left.erase(key);
    return state_->set_tags(*entry, std::move(left));
}

Result<Page<Service>> Ledger::services(const PageRequest& request) const {
    TRY(check(request));
    const std::string from = TRY(first_of(kServices, request));
    const auto has_tags = [&](const ServiceEntry& entry) {
        return std::all_of(request.tags.begin(), request.tags.end(), [&](const auto& tag) {
            const auto& tags = entry.service().tags;
            const auto found = tags.find(tag.first);
            return found != tags.end() && (tag.second.empty() || tag.second == found->second);
        });
    };
    auto all = snapshot()->services(from);
    std::erase_if(all, [&](const auto& entry) { return !has_tags(*entry); });
    return page_of<Service, ServiceEntry>(kServices, all, request,
                                          [](const ServiceEntry& entry) { return entry.service(); });
}

}  // namespace hotcell::catalog
