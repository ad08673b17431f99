// A Catalog in memory: enough behaviour for every route and status of the API, and no limit of the engine.
#pragma once

#include <algorithm>
#include <map>
#include <mutex>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "hotcell/catalog.h"

namespace hotcell::api {

class FakeCatalog : public Catalog {
public:
    static constexpr std::uint64_t kChecksum = 18446744073709551615u;

    Result<Service> create_service(Service service) override {
        const std::lock_guard lock(mutex_);
        if (services_.contains(service.name))
            return refuse(ErrorKind::Conflict, "ServiceAlreadyExists", "service '" + service.name + "' exists");
        stamp(service);
        return services_[service.name] = service;
    }
    Result<Service> update_service(const std::string& name, const ServiceChange& change,
                                   const std::string& if_match) override {
        const std::lock_guard lock(mutex_);
        Service& service = *TRY(find(services_, name, no_service(name), if_match));
        ServiceSettings& settings = service.settings;
        keep(settings.description, change.description);
        keep(settings.role, change.role);
        keep(settings.log, change.log);
        keep(settings.internet_access, change.internet_access);
        keep(settings.vpc, change.vpc);
        keep(settings.nas, change.nas);
        keep(settings.oss_mounts, change.oss_mounts);
        keep(settings.tracing, change.tracing);
        stamp(service);
        return service;
    }
    Result<Service> get_service(const std::string& name, const std::string& qualifier) const override {
        const std::lock_guard lock(mutex_);
        Service service = *TRY(find(services_, name, no_service(name)));
        service.version = TRY(resolve(name, qualifier));
        return service;
    }
    Result<> delete_service(const std::string& name, const std::string& if_match) override {
        const std::lock_guard lock(mutex_);
        TRY(find(services_, name, no_service(name), if_match));
        for (const auto& [key, function] : functions_)
            if (key.first == name) return refuse(ErrorKind::Conflict, "ServiceNotEmpty", "it has functions");
        services_.erase(name);
        return {};
    }
    Result<Page<Service>> list_services(const PageRequest& request) const override {
        const std::lock_guard lock(mutex_);
        std::vector<Service> all;
        for (const auto& [name, service] : services_) {
            const bool fits = std::ranges::all_of(request.tags, [&](const auto& tag) {
                const auto found = service.tags.find(tag.first);
                return found != service.tags.end() && (tag.second.empty() || found->second == tag.second);
            });
            if (fits) all.push_back(service);
        }
        return page_of(std::move(all), request);
    }
    Result<> tag_service(const std::string& name, const std::map<std::string, std::string>& tags) override {
        const std::lock_guard lock(mutex_);
        Service& service = *TRY(find(services_, name, no_service(name)));
        for (const auto& [key, value] : tags) service.tags[key] = value;
        return {};
    }
    Result<> untag_service(const std::string& name, const std::vector<std::string>& keys, bool all) override {
        const std::lock_guard lock(mutex_);
        Service& service = *TRY(find(services_, name, no_service(name)));
        if (all) service.tags.clear();
        for (const auto& key : keys) service.tags.erase(key);
        return {};
    }

    Result<Function> create_function(Function function, std::string zip) override {
        const std::lock_guard lock(mutex_);
        TRY(find(services_, function.service, no_service(function.service)));
        const std::pair key(function.service, function.name);
        if (functions_.contains(key)) return refuse(ErrorKind::Conflict, "FunctionAlreadyExists", "it exists");
        if (function.code.checksum != 0 && function.code.checksum != kChecksum)
            return refuse(ErrorKind::InvalidArgument, "InvalidArgument", "code: another checksum");
        set_code(function, std::move(zip));
        stamp(function);
        return functions_[key] = function;
    }
    Result<Function> update_function(const std::string& service, const std::string& name, FunctionChange change,
                                     const std::string& if_match) override {
        const std::lock_guard lock(mutex_);
        Function& function = *TRY(find(functions_, {service, name}, no_function(service, name), if_match));
        FunctionSettings& settings = function.settings;
        keep(settings.description, change.description);
        keep(settings.runtime, change.runtime);
        keep(settings.handler, change.handler);
        keep(settings.initializer, change.initializer);
        keep(settings.timeout_s, change.timeout_s);
        keep(settings.initialization_timeout_s, change.initialization_timeout_s);
        keep(settings.memory_mib, change.memory_mib);
        keep(settings.cpu_percent, change.cpu_percent);
        keep(settings.disk_mib, change.disk_mib);
        keep(settings.concurrency, change.concurrency);
        keep(settings.instance_type, change.instance_type);
        keep(settings.environment, change.environment);
        keep(settings.layers, change.layers);
        keep(settings.port, change.port);
        keep(settings.custom, change.custom);
        keep(settings.health, change.health);
        keep(settings.pre_freeze, change.pre_freeze);
        keep(settings.pre_stop, change.pre_stop);
        keep(settings.dns, change.dns);
        if (change.zip) set_code(function, std::move(*change.zip));
        stamp(function);
        return function;
    }
    Result<Function> get_function(const std::string& service, const std::string& name,
                                  const std::string& qualifier) const override {
        const std::lock_guard lock(mutex_);
        TRY(resolve(service, qualifier));
        return *TRY(find(functions_, {service, name}, no_function(service, name)));
    }
    Result<> delete_function(const std::string& service, const std::string& name,
                             const std::string& if_match) override {
        const std::lock_guard lock(mutex_);
        TRY(find(functions_, {service, name}, no_function(service, name), if_match));
        functions_.erase({service, name});
        return {};
    }
    Result<Page<Function>> list_functions(const std::string& service, const PageRequest& request,
                                          const std::string& qualifier) const override {
        const std::lock_guard lock(mutex_);
        TRY(find(services_, service, no_service(service)));
        TRY(resolve(service, qualifier));
        std::vector<Function> all;
        for (const auto& [key, function] : functions_)
            if (key.first == service) all.push_back(function);
        return page_of(std::move(all), request);
    }
    Result<std::string> get_code(const std::string& service, const std::string& name,
                                 const std::string&) const override {
        const std::lock_guard lock(mutex_);
        TRY(find(functions_, {service, name}, no_function(service, name)));
        return zip_;
    }

    Result<Version> publish_version(const std::string& service, const std::string& description,
                                    const std::string& if_match) override {
        const std::lock_guard lock(mutex_);
        TRY(find(services_, service, no_service(service), if_match));
        auto& versions = versions_[service];
        const Version version{++published_[service], description, kCreated, kModified};
        return versions[version.id] = version;
    }
    Result<> delete_version(const std::string& service, std::uint64_t id) override {
        const std::lock_guard lock(mutex_);
        TRY(find(services_, service, no_service(service)));
        if (versions_[service].erase(id) == 0) return no_version(service, std::to_string(id));
        return {};
    }
    Result<Page<Version>> list_versions(const std::string& service, const VersionsRequest& request) const override {
        const std::lock_guard lock(mutex_);
        TRY(find(services_, service, no_service(service)));
        std::vector<Version> all;
        if (const auto found = versions_.find(service); found != versions_.end())
            for (const auto& [id, version] : found->second) all.push_back(version);
        if (!request.forward) std::ranges::reverse(all);
        const auto& from = request.next_token.empty() ? request.start_key : request.next_token;
        if (!from.empty()) all.erase(all.begin(), std::ranges::find(all, std::stoull(from), &Version::id));
        Page<Version> page;
        if (all.size() > request.limit) page.next_token = std::to_string(all[request.limit].id);
        all.resize(std::min<std::size_t>(all.size(), request.limit));
        page.items = std::move(all);
        return page;
    }

    Result<Alias> create_alias(const std::string& service, Alias alias) override {
        const std::lock_guard lock(mutex_);
        TRY(find(services_, service, no_service(service)));
        TRY(resolve(service, alias.version));
        if (aliases_.contains({service, alias.name}))
            return refuse(ErrorKind::Conflict, "AliasAlreadyExists", "alias '" + alias.name + "' exists");
        stamp(alias);
        return aliases_[{service, alias.name}] = alias;
    }
    Result<Alias> update_alias(const std::string& service, const std::string& name, const AliasChange& change,
                               const std::string& if_match) override {
        const std::lock_guard lock(mutex_);
        Alias& alias = *TRY(find(aliases_, {service, name}, no_alias(service, name), if_match));
        keep(alias.description, change.description);
        keep(alias.version, change.version);
        keep(alias.extra_weights, change.extra_weights);
        stamp(alias);
        return alias;
    }
    Result<Alias> get_alias(const std::string& service, const std::string& name) const override {
        const std::lock_guard lock(mutex_);
        return *TRY(find(aliases_, {service, name}, no_alias(service, name)));
    }
    Result<> delete_alias(const std::string& service, const std::string& name, const std::string& if_match) override {
        const std::lock_guard lock(mutex_);
        TRY(find(aliases_, {service, name}, no_alias(service, name), if_match));
        aliases_.erase({service, name});
        return {};
    }
    Result<Page<Alias>> list_aliases(const std::string& service, const PageRequest& request) const override {
        const std::lock_guard lock(mutex_);
        TRY(find(services_, service, no_service(service)));
        std::vector<Alias> all;
        for (const auto& [key, alias] : aliases_)
            if (key.first == service) all.push_back(alias);
        return page_of(std::move(all), request);
    }

    Result<Trigger> create_trigger(Trigger trigger) override {
        const std::lock_guard lock(mutex_);
        TRY(find(functions_, {trigger.service, trigger.function}, no_function(trigger.service, trigger.function)));
        const TriggerKey key(trigger.service, trigger.function, trigger.name);
        if (triggers_.contains(key)) return refuse(ErrorKind::Conflict, "TriggerAlreadyExists", "it exists");
        stamp(trigger);
        return triggers_[key] = trigger;
    }
    Result<Trigger> update_trigger(const std::string& service, const std::string& function, const std::string& name,
                                   const TriggerChange& change, const std::string& if_match) override {
        const std::lock_guard lock(mutex_);
        Trigger& trigger = *TRY(find(triggers_, {service, function, name}, no_trigger(name), if_match));
        keep(trigger.description, change.description);
        keep(trigger.qualifier, change.qualifier);
        keep(trigger.invocation_role, change.invocation_role);
        keep(trigger.http, change.http);
        stamp(trigger);
        return trigger;
    }
    Result<Trigger> get_trigger(const std::string& service, const std::string& function,
                                const std::string& name) const override {
        const std::lock_guard lock(mutex_);
        return *TRY(find(triggers_, {service, function, name}, no_trigger(name)));
    }
    Result<> delete_trigger(const std::string& service, const std::string& function, const std::string& name,
                            const std::string& if_match) override {
        const std::lock_guard lock(mutex_);
        TRY(find(triggers_, {service, function, name}, no_trigger(name), if_match));
        triggers_.erase({service, function, name});
        return {};
    }
    Result<Page<Trigger>> list_triggers(const std::string& service, const std::string& function,
                                        const PageRequest& request) const override {
        const std::lock_guard lock(mutex_);
        TRY(find(functions_, {service, function}, no_function(service, function)));
        std::vector<Trigger> all;
        for (const auto& [key, trigger] : triggers_)
            if (trigger.service == service && trigger.function == function) all.push_back(trigger);
        return page_of(std::move(all), request);
    }

    Result<Layer> publish_layer(Layer layer, std::string zip) override {
        const std::lock_guard lock(mutex_);
        layer.version = ++layer_versions_[layer.name];
        layer.code = {.name = {}, .size = zip.size(), .checksum = kChecksum, .package = {}};
        layer.arn = "acs:fc:local:0:layers/" + layer.name + "/versions/" + std::to_string(layer.version);
        layer.created_ms = kCreated;
        zip_ = std::move(zip);
        return layers_[{layer.name, layer.version}] = layer;
    }
    Result<Layer> get_layer(const std::string& name, std::uint32_t version) const override {
        const std::lock_guard lock(mutex_);
        return *TRY(find(layers_, {name, version}, no_layer(name)));
    }
    Result<Layer> get_layer(const std::string& arn) const override {
        const std::lock_guard lock(mutex_);
        for (const auto& [key, layer] : layers_)
            if (layer.arn == arn) return layer;
        return no_layer(arn);
    }
    Result<std::string> get_layer_code(const std::string& name, std::uint32_t version) const override {
        const std::lock_guard lock(mutex_);
        TRY(find(layers_, {name, version}, no_layer(name)));
        return zip_;
    }
    Result<> delete_layer(const std::string& name, std::uint32_t version) override {
        const std::lock_guard lock(mutex_);
        if (layers_.erase({name, version}) == 0) return no_layer(name);
        return {};
    }
    Result<> set_layer_public(const std::string& name, bool is_public) override {
        const std::lock_guard lock(mutex_);
        if (!layer_versions_.contains(name)) return no_layer(name);
        for (auto& [key, layer] : layers_)
            if (key.first == name) layer.is_public = is_public;
        return {};
    }
    Result<Page<Layer>> list_layers(const PageRequest& request) const override {
        const std::lock_guard lock(mutex_);
        std::vector<Layer> all;
        for (const auto& [key, layer] : layers_)
            if (layer.version == layer_versions_.at(layer.name)) all.push_back(layer);
        return page_of(std::move(all), request);
    }
    Result<Page<Layer>> list_layer_versions(const std::string& name, std::uint32_t start,
                                            std::uint32_t limit) const override {
        const std::lock_guard lock(mutex_);
        Page<Layer> page;
        for (auto at = layers_.rbegin(); at != layers_.rend(); ++at) {
            const Layer& layer = at->second;
            if (layer.name != name || (start != 0 && layer.version > start)) continue;
            if (page.items.size() == limit) {
                page.next_token = std::to_string(layer.version);
                break;
            }
            page.items.push_back(layer);
        }
        return page;
    }

    Result<ProvisionConfig> put_provision_config(ProvisionConfig config) override {
        const std::lock_guard lock(mutex_);
        return provision_[config.of] = config;
    }
    Result<ProvisionConfig> get_provision_config(const FunctionReference& of) const override {
        const std::lock_guard lock(mutex_);
        const auto found = provision_.find(of);
        if (found != provision_.end()) return found->second;
        return ProvisionConfig{of, 0, {}, {}, true};
    }
    Result<Page<ProvisionConfig>> list_provision_configs(const FunctionReference& of,
                                                         const PageRequest&) const override {
        const std::lock_guard lock(mutex_);
        Page<ProvisionConfig> page;
        for (const auto& [key, config] : provision_)
            if ((of.service.empty() || of.service == key.service) &&
                (of.qualifier.empty() || of.qualifier == key.qualifier))
                page.items.push_back(config);
        return page;
    }
    Result<OnDemandConfig> put_on_demand_config(OnDemandConfig config, const std::string& if_match) override {
        const std::lock_guard lock(mutex_);
        if (!if_match.empty()) TRY(find(on_demand_, config.of, no_config("OnDemandConfigNotFound"), if_match));
        config.etag = "e" + std::to_string(++stamps_);
        return on_demand_[config.of] = config;
    }
    Result<OnDemandConfig> get_on_demand_config(const FunctionReference& of) const override {
        const std::lock_guard lock(mutex_);
        return *TRY(find(on_demand_, of, no_config("OnDemandConfigNotFound")));
    }
    Result<> delete_on_demand_config(const FunctionReference& of) override {
        const std::lock_guard lock(mutex_);
        if (on_demand_.erase(of) == 0) return no_config("OnDemandConfigNotFound");
        return {};
    }
    Result<Page<OnDemandConfig>> list_on_demand_configs(const PageRequest&) const override {
        const std::lock_guard lock(mutex_);
        Page<OnDemandConfig> page;
        for (const auto& [key, config] : on_demand_) page.items.push_back(config);
        return page;
    }
    Result<AsyncConfig> put_async_config(AsyncConfig config) override {
        const std::lock_guard lock(mutex_);
        config.created_ms = kCreated;
        config.modified_ms = kModified;
        return async_[config.of] = config;
    }
    Result<AsyncConfig> get_async_config(const FunctionReference& of) const override {
        const std::lock_guard lock(mutex_);
        const auto found = async_.find(of);
        if (found == async_.end()) return no_config("AsyncConfigNotExists");
        return found->second;
    }
    Result<> delete_async_config(const FunctionReference& of) override {
        const std::lock_guard lock(mutex_);
        if (async_.erase(of) == 0) return no_config("AsyncConfigNotExists");
        return {};
    }
    Result<Page<AsyncConfig>> list_async_configs(const std::string& service, const std::string& function,
                                                 const PageRequest&) const override {
        const std::lock_guard lock(mutex_);
        Page<AsyncConfig> page;
        for (const auto& [key, config] : async_)
            if (key.service == service && key.function == function) page.items.push_back(config);
        return page;
    }
    Result<Page<AsyncConfig>> list_stateful_configs(const PageRequest&) const override {
        const std::lock_guard lock(mutex_);
        Page<AsyncConfig> page;
        for (const auto& [key, config] : async_)
            if (config.stateful) page.items.push_back(config);
        return page;
    }

    std::string zip() const {
        const std::lock_guard lock(mutex_);
        return zip_;
    }
    std::size_t services() const {
        const std::lock_guard lock(mutex_);
        return services_.size();
    }
    std::size_t functions() const {
        const std::lock_guard lock(mutex_);
        return functions_.size();
    }

private:
    using TriggerKey = std::tuple<std::string, std::string, std::string>;
    static constexpr std::int64_t kCreated = 1'478'073'600'000;
    static constexpr std::int64_t kModified = 1'478'073'600'123;

    static std::unexpected<Error> refuse(ErrorKind kind, std::string code, std::string words) {
        return std::unexpected(Error{kind, 0, std::move(words), "", std::move(code)});
    }
    static std::unexpected<Error> no_service(const std::string& name) {
        return refuse(ErrorKind::NotFound, "ServiceNotFound", "service '" + name + "' does not exist");
    }
    std::unexpected<Error> no_function(const std::string& service, const std::string& name) const {
        if (!services_.contains(service)) return no_service(service);
        return refuse(ErrorKind::NotFound, "FunctionNotFound",
                      "function '" + name + "' does not exist in service '" + service + "'");
    }
    static std::unexpected<Error> no_version(const std::string& service, const std::string& id) {
        return refuse(ErrorKind::NotFound, "VersionNotFound",
                      "version '" + id + "' of service '" + service + "' does not exist");
    }
    static std::unexpected<Error> no_alias(const std::string& service, const std::string& name) {
        return refuse(ErrorKind::NotFound, "AliasNotFound",
                      "alias '" + name + "' of service '" + service + "' does not exist");
    }
    static std::unexpected<Error> no_trigger(const std::string& name) {
        return refuse(ErrorKind::NotFound, "TriggerNotFound", "trigger '" + name + "' does not exist");
    }
    static std::unexpected<Error> no_layer(const std::string& name) {
        return refuse(ErrorKind::NotFound, "LayerNotFound", "layer '" + name + "' does not exist");
    }
    static std::unexpected<Error> no_config(const std::string& code) {
        return refuse(ErrorKind::NotFound, code, "there is no such configuration");
    }
    /// The version that a qualifier means.
    Result<std::string> resolve(const std::string& service, const std::string& qualifier) const {
        if (qualifier.empty() || qualifier == kLatest) return std::string(kLatest);
        if (qualifier.find_first_not_of("0123456789") == std::string::npos) {
            const auto found = versions_.find(service);
            if (found == versions_.end() || !found->second.contains(std::stoull(qualifier)))
                return no_version(service, qualifier);
            return qualifier;
        }
        return TRY(find(aliases_, {service, qualifier}, no_alias(service, qualifier)))
        ->version;
    }
    template <class Map>
    static auto find(Map& map, const typename Map::key_type& key, std::unexpected<Error> missing,
                     const std::string& if_match = "") -> Result<decltype(&map.find(key)->second)> {
        const auto found = map.find(key);
        if (found == map.end()) return missing;
        if constexpr (requires { found->second.etag; })
            if (!if_match.empty() && if_match != found->second.etag)
                return refuse(ErrorKind::Conflict, "PreconditionFailed",
                              "the resource being modified has been changed");
        return &found->second;
    }
    template <class Value>
    static void keep(Value& setting, const std::optional<Value>& wanted) {
        if (wanted) setting = *wanted;
    }
    template <class Thing>
    void stamp(Thing& thing) {
        if constexpr (requires { thing.id; })
            if (thing.id.empty()) thing.id = "id-of-" + thing.name;
        thing.created_ms = kCreated;
        thing.modified_ms = kModified;
        thing.etag = "e" + std::to_string(++stamps_);
    }
    void set_code(Function& function, std::string zip) {
        function.code = {.name = {}, .size = zip.size(), .checksum = kChecksum, .package = {}};
        zip_ = std::move(zip);
    }
    template <class Thing>
    static Page<Thing> page_of(std::vector<Thing> all, const PageRequest& request) {
        Page<Thing> page;
        for (auto& thing : all) {
            const auto& from = request.next_token.empty() ? request.start_key : request.next_token;
            if (!thing.name.starts_with(request.prefix) || thing.name < from) continue;
            if (page.items.size() == request.limit) {
                page.next_token = thing.name;
                break;
            }
            page.items.push_back(std::move(thing));
        }
        return page;
    }

    mutable std::mutex mutex_;
    std::map<std::string, Service> services_;
    std::map<std::pair<std::string, std::string>, Function> functions_;
    std::map<std::string, std::map<std::uint64_t, Version>> versions_;
    std::map<std::string, std::uint64_t> published_;
    std::map<std::pair<std::string, std::string>, Alias> aliases_;
    std::map<TriggerKey, Trigger> triggers_;
    std::map<std::pair<std::string, std::uint32_t>, Layer> layers_;
    std::map<std::string, std::uint32_t> layer_versions_;
    std::map<FunctionReference, ProvisionConfig> provision_;
    std::map<FunctionReference, OnDemandConfig> on_demand_;
    std::map<FunctionReference, AsyncConfig> async_;
    std::string zip_;
    unsigned stamps_ = 0;
};

}  // namespace hotcell::api
