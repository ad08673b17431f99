// Triggers and configurations: one change of a map, one row.
#include "engine/catalog/filing.h"
#include "engine/catalog/ledger_state.h"
#include "engine/catalog/pages.h"
#include "engine/catalog/routing.h"
#include "engine/linux/files/files.h"

namespace hotcell::catalog {

namespace {

template <class Config>
Result<> file_config(const StoredDocument& row, Documents& into) {
    Config config;
    config.of = {row.service, row.name, row.function};
    return file(row, std::move(config), into);
}

Result<> file_layer(const StoredDocument& row, Documents& into) {
    Layer layer;
    layer.name = row.function;
    for (const char digit : row.name) layer.version = layer.version * 10 + static_cast<std::uint32_t>(digit - '0');
    return file(row, std::move(layer), into);
}

Result<> check_function(const Snapshot& snapshot, const std::string& service, const std::string& function) {
    const auto entry = snapshot.service(service);
    if (!entry) return no_service(service);
    if (!entry->functions->find(function)) return no_function(service, function);
    return {};
}

bool is_latest(const std::string& qualifier) { return qualifier.empty() || qualifier == kLatest; }

/// One trigger of a version or alias; the qualifier is one that there is.
Result<> check_alone(const Snapshot& snapshot, const Trigger& trigger) {
    TRY(resolve(snapshot, trigger.service, trigger.qualifier));
    for (const auto& [place, other] : snapshot.documents().triggers) {
        if (place.service != trigger.service || place.function != trigger.function || place.name == trigger.name)
            continue;
        const bool same =
            is_latest(other.qualifier) ? is_latest(trigger.qualifier) : other.qualifier == trigger.qualifier;
        if (same)
            return refuse(ErrorKind::Exhausted, "LimitExceededError",
                          "function " + quoted(trigger.function) + " has an http trigger for " +
                              (is_latest(trigger.qualifier) ? std::string(kLatest) : trigger.qualifier) +
                              " already: " + quoted(other.name) + " (max: 1, actual: 2)");
    }
    return {};
}

/// A page of those for whose place, or for which itself, `wanted` says so; of one function where `of` names it: a call over HTTP asks for a function's triggers, and
/// must not look at everybody's. Their key in the list is their place.
template <class Document, class Wanted>
Result<Page<Document>> list(const Snapshot& snapshot, const PageRequest& request, const Place& of, Wanted wanted) {
    TRY(check(request));
    Page<Document> page;
    std::size_t skip = 0;
    if (!request.next_token.empty()) {
        const auto token = read_token('d', request.next_token);
        const auto id = token ? read_version_id(*token) : std::nullopt;
        if (!id) return refuse_value("nextToken", "the nextToken of the page before", request.next_token);
        skip = *id;
    }
    std::size_t at = 0;
    const auto& all = filed<Document>(snapshot.documents());
    for (auto one = all.lower_bound(of); one != all.end(); ++one) {
        const auto& [place, document] = *one;
        if (!of.service.empty() && (place.service != of.service || place.function != of.function)) break;
        bool is_wanted;
        if constexpr (std::is_invocable_v<Wanted, const Place&>)
            is_wanted = wanted(place);
        else
            is_wanted = wanted(document);
        if (!is_wanted || at++ < skip) continue;
        if (page.items.size() == request.limit) {
            page.next_token = make_token('d', std::to_string(at - 1));
            break;
        }
        page.items.push_back(document);
    }
    return page;
}

}  // namespace

Result<> Ledger::State::load_documents() {
    Documents all;
    for (const StoredDocument& row : TRY(store.read_documents())) {
        if (row.kind == kind_of<Trigger>()) {
            Trigger trigger;
            trigger.service = row.service;
            trigger.function = row.function;
            trigger.name = row.name;
            TRY(file(row, std::move(trigger), all));
        } else if (row.kind == kind_of<ProvisionConfig>()) {
            TRY(file_config<ProvisionConfig>(row, all));
        } else if (row.kind == kind_of<OnDemandConfig>()) {
            TRY(file_config<OnDemandConfig>(row, all));
        } else if (row.kind == kind_of<AsyncConfig>()) {
            TRY(file_config<AsyncConfig>(row, all));
        } else {
            TRY(file_layer(row, all));
        }
    }
    for (const auto& [place, layer] : all.layers)
        if (!layer.code.name.empty()) codes.push_back(layer.code);
    publish(snapshot()->with(std::move(all)));
    return {};
}

void Ledger::State::forget_documents(std::string_view service, std::string_view function) {
    Documents next = snapshot()->documents();
    const auto forget = [&](auto& documents) {
        return std::erase_if(documents, [&](const auto& one) {
            const Place& place = one.first;
            return place.service == service &&
                   (function.empty() || (place.function == function && place.name == kLatest));
        });
    };
    if (forget(next.triggers) + forget(next.provisions) + forget(next.on_demands) + forget(next.asyncs) > 0)
        publish(snapshot()->with(std::move(next)));
}

bool Ledger::State::has_triggers(std::string_view service, std::string_view function) const {
    const auto now = snapshot();
    return std::ranges::any_of(now->documents().triggers, [&](const auto& one) {
        return one.first.service == service && one.first.function == function;
    });
}

Result<Trigger> Ledger::create_trigger(Trigger trigger) {
    TRY(check(trigger));
    const std::scoped_lock lock(state_->write_lock);
    const auto now = snapshot();
    TRY(check_function(*now, trigger.service, trigger.function));
    if (find<Trigger>(*now, place_of(trigger)))
        return refuse(ErrorKind::Conflict, "TriggerAlreadyExists",
                      "trigger " + quoted(trigger.name) + " already exists");
    TRY(check_alone(*now, trigger));
    trigger.id = linux::random_uuid();
    stamp<Trigger>(trigger, nullptr);
    return put(*state_, std::move(trigger));
}

Result<Trigger> Ledger::update_trigger(const Place& place, const TriggerChange& change, std::string_view if_match) {
    const std::scoped_lock lock(state_->write_lock);
    const auto now = snapshot();
    TRY(check_function(*now, place.service, place.function));
    const Trigger* found = find<Trigger>(*now, place);
    if (!found) return no_trigger(place.name);
    TRY(check_match(if_match, found->etag));
    Trigger updated = *found;
    set_if(updated.description, change.description);
    set_if(updated.qualifier, change.qualifier);
    set_if(updated.invocation_role, change.invocation_role);
    set_if(updated.http, change.http);
    TRY(check(updated));
    TRY(check_alone(*now, updated));
    stamp(updated, found);
    return put(*state_, std::move(updated));
}

Result<Trigger> Ledger::trigger(const Place& place) const {
    const auto now = snapshot();
    TRY(check_function(*now, place.service, place.function));
    const Trigger* found = find<Trigger>(*now, place);
    if (!found) return no_trigger(place.name);
    return *found;
}

Result<> Ledger::delete_trigger(const Place& place, std::string_view if_match) {
    const std::scoped_lock lock(state_->write_lock);
    const Trigger found = TRY(trigger(place));
    TRY(check_match(if_match, found.etag));
    return remove<Trigger>(*state_, place);
}

Result<Page<Trigger>> Ledger::triggers(const std::string& service, const std::string& function,
                                       const PageRequest& request) const {
    const auto now = snapshot();
    TRY(check_function(*now, service, function));
    return list<Trigger>(*now, request, {service, function, {}}, [&](const Place& place) {
        return place.name.starts_with(request.prefix) && place.name >= request.start_key;
    });
}

Result<ProvisionConfig> Ledger::put_provision_config(ProvisionConfig config) {
    TRY(check(config));
    const std::scoped_lock lock(state_->write_lock);
    TRY(resolve(*snapshot(), config.of.service, config.of.qualifier));
    if (read_version_id(config.of.qualifier)) return refuse_value("qualifier", "LATEST, an alias", config.of.qualifier);
    return put(*state_, std::move(config));
}

Result<ProvisionConfig> Ledger::provision_config(const FunctionReference& of) const {
    const auto now = snapshot();
    TRY(resolve(*now, of.service, of.qualifier));
    if (const auto* found = find<ProvisionConfig>(*now, place_of(of))) return *found;
    ProvisionConfig none;
    none.of = of;
    return none;
}

Result<Page<ProvisionConfig>> Ledger::provision_configs(const FunctionReference& of, const PageRequest& request) const {
    return list<ProvisionConfig>(*snapshot(), request, {}, [&](const Place& place) {
        return (of.service.empty() || of.service == place.service) &&
               (of.qualifier.empty() || of.qualifier == place.name) &&
               (of.function.empty() || of.function == place.function);
    });
}

Result<OnDemandConfig> Ledger::put_on_demand_config(OnDemandConfig config, std::string_view if_match) {
    TRY(check(config));
    const std::scoped_lock lock(state_->write_lock);
    const auto now = snapshot();
    const auto* before = find<OnDemandConfig>(*now, place_of(config.of));
    TRY(check_match(if_match, before ? before->etag : std::string()));
    stamp(config, before);
    return put(*state_, std::move(config));
}

Result<OnDemandConfig> Ledger::on_demand_config(const FunctionReference& of) const {
    const auto now = snapshot();
    if (const auto* found = find<OnDemandConfig>(*now, place_of(of))) return *found;
    return refuse(ErrorKind::NotFound, "OnDemandConfigNotFound",
                  "function " + quoted(of.function) + " has no on-demand config for " + quoted(place_of(of).name));
}

Result<> Ledger::delete_on_demand_config(const FunctionReference& of) {
    const std::scoped_lock lock(state_->write_lock);
    TRY(on_demand_config(of));
    return remove<OnDemandConfig>(*state_, place_of(of));
}

Result<Page<OnDemandConfig>> Ledger::on_demand_configs(const PageRequest& request) const {
    return list<OnDemandConfig>(*snapshot(), request, {}, [&](const Place& place) {
        return place.service.starts_with(request.prefix) && place.service >= request.start_key;
    });
}

Result<AsyncConfig> Ledger::put_async_config(AsyncConfig config) {
    TRY(check(config));
    const std::scoped_lock lock(state_->write_lock);
    const auto now = snapshot();
    const Qualified found = TRY(resolve(*now, config.of.service, config.of.qualifier));
    if (!found.functions().find(config.of.function)) return no_function(config.of.service, config.of.function);
    stamp(config, find<AsyncConfig>(*now, place_of(config.of)));
    return put(*state_, std::move(config));
}

Result<AsyncConfig> Ledger::async_config(const FunctionReference& of) const {
    const auto now = snapshot();
    if (const auto* found = find<AsyncConfig>(*now, place_of(of))) return *found;
    return refuse(ErrorKind::NotFound, "AsyncConfigNotExists",
                  "function " + quoted(of.function) + " has no async config for " + quoted(place_of(of).name));
}

Result<> Ledger::delete_async_config(const FunctionReference& of) {
    const std::scoped_lock lock(state_->write_lock);
    TRY(async_config(of));
    return remove<AsyncConfig>(*state_, place_of(of));
}

Result<Page<AsyncConfig>> Ledger::async_configs(const std::string& service, const std::string& function,
                                                const PageRequest& request) const {
    const auto now = snapshot();
    TRY(resolve(*now, service, {}));
    return list<AsyncConfig>(*now, request, {service, function, {}}, [](const Place&) { return true; });
}

Result<Page<AsyncConfig>> Ledger::stateful_configs(const PageRequest& request) const {
    return list<AsyncConfig>(*snapshot(), request, {}, [](const AsyncConfig& config) { return config.stateful; });
}

}  // namespace hotcell::catalog
