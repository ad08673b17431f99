#include "engine/catalog/ledger.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <optional>

#include "engine/catalog/pages.h"
#include "engine/catalog/rules/limits.h"
#include "engine/catalog/rules/rules.h"
#include "engine/catalog/store/catalog_store.h"
#include "engine/linux/files/files.h"

namespace hotcell::catalog {

namespace {

constexpr char kServices = 's', kFunctions = 'f';

std::int64_t now_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::string new_etag() {
    std::string etag = linux::random_uuid();
    std::erase(etag, '-');
    return etag;
}

/// What every update does; a clock that was set back does not make a thing older than it is.
template <class Thing>
void touch(Thing& thing) {
    thing.modified_ms = std::max(thing.modified_ms, now_ms());
    thing.etag = new_etag();
}

template <class Thing>
void give_identity(Thing& thing) {
    thing.id = linux::random_uuid();
    thing.created_ms = thing.modified_ms = now_ms();
    thing.etag = new_etag();
}

template <class Field>
void set_if(Field& field, const std::optional<Field>& wanted) {
    if (wanted) field = *wanted;
}

std::string quoted(std::string_view name) { return "'" + std::string(name) + "'"; }

std::unexpected<Error> no_service(std::string_view name) {
    return refuse(ErrorKind::NotFound, "ServiceNotFound", "service " + quoted(name) + " does not exist");
}
std::unexpected<Error> no_function(std::string_view service, std::string_view name) {
    return refuse(ErrorKind::NotFound, "FunctionNotFound",
                  "function " + quoted(name) + " does not exist in service " + quoted(service));
}

Result<> check_match(std::string_view if_match, const std::string& etag) {
    if (if_match.empty() || if_match == etag) return {};
    return refuse(ErrorKind::Conflict, "PreconditionFailed", "the resource being modified has been changed");
}

Result<> check_code_name(const std::string& name) {
    const bool good = name.size() == 64 && std::all_of(name.begin(), name.end(), [](char c) {
                          return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                      });
    if (!good) return refuse_value("code", "a package in the code store", name);
    return {};
}

void apply(Service& service, const ServiceChange& change) {
    set_if(service.settings.description, change.description);
    set_if(service.settings.role, change.role);
    set_if(service.settings.log, change.log);
    set_if(service.settings.internet_access, change.internet_access);
}

void apply(Function& function, const FunctionChange& change, const CodeIdentity* code) {
    set_if(function.settings.description, change.description);
    set_if(function.settings.runtime, change.runtime);
    set_if(function.settings.handler, change.handler);
    set_if(function.settings.initializer, change.initializer);
    set_if(function.settings.timeout_s, change.timeout_s);
    set_if(function.settings.initialization_timeout_s, change.initialization_timeout_s);
    set_if(function.settings.memory_mib, change.memory_mib);
    set_if(function.settings.environment, change.environment);
    if (code == nullptr) return;
    function.code.name = code->name;
    function.code.size = code->size;
    function.code.checksum = code->checksum;
}

}  // namespace

struct Ledger::State {
    State(CatalogStore opened, std::vector<std::string> names) : store(std::move(opened)), runtimes(std::move(names)) {}

    std::shared_ptr<const Snapshot> snapshot() const {
        const std::scoped_lock lock(snapshot_lock);
        return current;
    }
    void publish(std::shared_ptr<const Snapshot> next) {
        const std::scoped_lock lock(snapshot_lock);
        current.swap(next);  // the old one ends after the lock
    }
    Result<std::shared_ptr<const ServiceEntry>> entry(std::string_view service) const {
        auto found = snapshot()->service(service);
        if (!found) return no_service(service);
        return found;
    }
    Result<> load();

    CatalogStore store;                       // with write_lock held
    const std::vector<std::string> runtimes;  // names
    std::mutex write_lock;                    // goes before snapshot_lock
    mutable std::mutex snapshot_lock;         // held to copy a pointer, never for the disk
    std::shared_ptr<const Snapshot> current = std::make_shared<Snapshot>();
};

Result<> Ledger::State::load() {
    std::map<std::string, ServiceEntry> entries;
    for (Service& service : TRY(store.read_services())) {
        std::string name = service.name;
        entries[std::move(name)].service = std::move(service);
    }
    for (Function& function : TRY(store.read_functions()))
        entries.at(function.service).functions.put(std::make_shared<const Function>(std::move(function)));
    auto next = std::make_shared<const Snapshot>();
    for (auto& [name, entry] : entries) next = next->with(std::move(entry));
    publish(std::move(next));
    return {};
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

Result<Service> Ledger::create_service(Service service) {
    TRY(check(service));
    const std::scoped_lock lock(state_->write_lock);
    const auto now = snapshot();
    if (now->service(service.name))
        return refuse(ErrorKind::Conflict, "ServiceAlreadyExists",
                      "service " + quoted(service.name) + " already exists");
    give_identity(service);
    TRY_IN("create a service", state_->store.insert(service));
    state_->publish(now->with({service, {}}));
    return service;
}

Result<Service> Ledger::update_service(std::string_view name, const ServiceChange& change, std::string_view if_match) {
    TRY(check(change));
    const std::scoped_lock lock(state_->write_lock);
    ServiceEntry entry = *TRY(state_->entry(name));
    TRY(check_match(if_match, entry.service.etag));
    apply(entry.service, change);
    touch(entry.service);
    TRY_IN("update a service", state_->store.update(entry.service));
    Service updated = entry.service;
    state_->publish(snapshot()->with(std::move(entry)));
    return updated;
}

Result<Service> Ledger::service(std::string_view name) const {
    return TRY(state_->entry(name))
    ->service;
}

Result<> Ledger::delete_service(std::string_view name, std::string_view if_match) {
    const std::scoped_lock lock(state_->write_lock);
    const auto entry = TRY(state_->entry(name));
    TRY(check_match(if_match, entry->service.etag));
    if (entry->functions.size() > 0)
        return refuse(ErrorKind::Conflict, "ServiceNotEmpty", "service " + quoted(name) + " still has functions");
    TRY_IN("delete a service", state_->store.remove(entry->service));
    state_->publish(snapshot()->without(name));
    return {};
}

Result<Page<Service>> Ledger::services(const PageRequest& request) const {
    TRY(check(request));
    const auto now = snapshot();
    return page_of<Service>(kServices, now->services(), request,
                            [](const ServiceEntry& entry) { return entry.service; });
}

Result<Function> Ledger::create_function(Function function) {
    TRY(check(function, state_->runtimes));
    TRY(check_code_name(function.code.name));
    const std::scoped_lock lock(state_->write_lock);
    ServiceEntry entry = *TRY(state_->entry(function.service));
    if (entry.functions.find(function.name))
        return refuse(ErrorKind::Conflict, "FunctionAlreadyExists",
                      "function " + quoted(function.name) + " already exists in service " + quoted(function.service));
    if (entry.functions.size() >= kFunctionsPerService)
        return refuse(ErrorKind::Exhausted, "LimitExceededError",
                      "service " + quoted(function.service) +
                          " contains too many functions (max: " + std::to_string(kFunctionsPerService) +
                          ", actual: " + std::to_string(entry.functions.size() + 1) + ")");
    give_identity(function);
    TRY_IN("create a function", state_->store.insert(function, entry.service.id));
    entry.functions.put(std::make_shared<const Function>(function));
    state_->publish(snapshot()->with(std::move(entry)));
    return function;
}

Result<Function> Ledger::update_function(std::string_view service, std::string_view name, const FunctionChange& change,
                                         const CodeIdentity* code, std::string_view if_match) {
    TRY(check(change, state_->runtimes));
    if (code != nullptr) TRY(check_code_name(code->name));
    const std::scoped_lock lock(state_->write_lock);
    ServiceEntry entry = *TRY(state_->entry(service));
    const auto found = entry.functions.find(name);
    if (!found) return no_function(service, name);
    TRY(check_match(if_match, found->etag));
    Function updated = *found;
    apply(updated, change, code);
    touch(updated);
    TRY_IN("update a function", state_->store.update(updated));
    entry.functions.put(std::make_shared<const Function>(updated));
    state_->publish(snapshot()->with(std::move(entry)));
    return updated;
}

Result<Function> Ledger::function(std::string_view service, std::string_view name) const {
    const auto found = TRY(state_->entry(service))
    ->functions.find(name);
    if (!found) return no_function(service, name);
    return *found;
}

Result<> Ledger::delete_function(std::string_view service, std::string_view name, std::string_view if_match) {
    const std::scoped_lock lock(state_->write_lock);
    ServiceEntry entry = *TRY(state_->entry(service));
    const auto found = entry.functions.find(name);
    if (!found) return no_function(service, name);
    TRY(check_match(if_match, found->etag));
    TRY_IN("delete a function", state_->store.remove(*found));
    entry.functions.remove(name);
    state_->publish(snapshot()->with(std::move(entry)));
    return {};
}

Result<Page<Function>> Ledger::functions(std::string_view service, const PageRequest& request) const {
    TRY(check(request));
    const auto entry = TRY(state_->entry(service));
    return page_of<Function>(kFunctions, entry->functions.all(), request,
                             [](const Function& function) { return function; });
}

}  // namespace hotcell::catalog
