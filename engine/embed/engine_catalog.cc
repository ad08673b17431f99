#include "engine/embed/engine_catalog.h"

#include "engine/base/result.h"
#include "engine/catalog/missing.h"
#include "engine/catalog/rules/rules.h"
#include "engine/environment/code/crc64.h"
#include "hotcell/limits.h"

namespace hotcell::embed {

namespace {

/// 0: the caller has said nothing.
Result<> check_checksum(std::uint64_t said, std::uint64_t is) {
    if (said == 0 || said == is) return {};
    return catalog::refuse(ErrorKind::InvalidArgument, "InvalidArgument",
                           "code checksum is set to an invalid value (allowed: " + std::to_string(is) + ", actual: '" +
                               std::to_string(said) + "')");
}

}  // namespace

Result<Service> EngineCatalog::create_service(Service service) {
    return parts_.ledger.create_service(std::move(service));
}
Result<Service> EngineCatalog::update_service(const std::string& name, const ServiceChange& change,
                                              const std::string& if_match) {
    return parts_.ledger.update_service(name, change, if_match);
}
Result<Service> EngineCatalog::get_service(const std::string& name, const std::string& qualifier) const {
    return parts_.ledger.service(name, qualifier);
}
Result<> EngineCatalog::delete_service(const std::string& name, const std::string& if_match) {
    return parts_.ledger.delete_service(name, if_match);
}
Result<Page<Service>> EngineCatalog::list_services(const PageRequest& page) const {
    return parts_.ledger.services(page);
}

void EngineCatalog::hold(const CodeIdentity& code) {
    for (const std::string* tree : {&code.name, &code.layers})
        if (!tree->empty()) (void)parts_.store.hold(*tree);
    if (!code.package.empty()) parts_.packages.hold(code.package);
}

void EngineCatalog::release(const CodeIdentity& code) {
    for (const std::string* tree : {&code.name, &code.layers})
        if (!tree->empty()) parts_.store.release(*tree);
    if (!code.package.empty()) parts_.packages.release(code.package);
}

Result<CodeIdentity> EngineCatalog::keep_package(std::string zip, const std::string& runtime,
                                                 std::uint64_t said_checksum) {
    if (zip.size() > kMostPackage.count)
        return catalog::refuse(ErrorKind::InvalidArgument, "EntityTooLarge",
                               "code: payload size exceeds maximum allowed size (" +
                                   std::to_string(kMostPackage.count) + " bytes): the package has " +
                                   std::to_string(zip.size()) + " bytes");
    CodeIdentity code;
    code.size = zip.size();
    code.checksum = environment::crc64(zip);
    TRY(check_checksum(said_checksum, code.checksum));
    code.package = TRY(parts_.packages.store(zip));
    auto tree = parts_.store_package(std::move(zip), runtime);
    if (!tree) {
        parts_.packages.release(code.package);
        return std::unexpected(std::move(tree).error());
    }
    code.name = std::move(*tree);
    return code;
}

Result<Function> EngineCatalog::create_function(Function function, std::string zip) {
    // what would be refused later is refused before anything is unpacked
    TRY(catalog::check(function, parts_.runtimes));
    TRY(parts_.ledger.service(function.service));
    if (parts_.ledger.function(function.service, function.name))
        return catalog::already_exists(function.service, function.name);
    CodeIdentity code = TRY(keep_package(std::move(zip), function.settings.runtime, function.code.checksum));
    if (auto layers = merge(function.settings.layers))
        code.layers = std::move(*layers);
    else
        return release(code), std::unexpected(std::move(layers).error());
    function.code = code;
    auto created = parts_.ledger.create_function(std::move(function));
    if (!created) release(code);
    return created;
}

Result<Function> EngineCatalog::update_function(const std::string& service, const std::string& name,
                                                FunctionChange change, const std::string& if_match) {
    TRY(catalog::check(change, parts_.runtimes));
    const Function present = TRY(parts_.ledger.function(service, name));
    CodeIdentity code;
    if (change.zip)
        code = TRY(keep_package(std::move(*change.zip), change.runtime.value_or(present.settings.runtime),
                                change.zip_checksum.value_or(0)));
    if (change.layers) {
        if (auto layers = merge(*change.layers))
            code.layers = std::move(*layers);
        else
            return release(code), std::unexpected(std::move(layers).error());
    }
    const bool has_code = change.zip || change.layers;
    auto updated = parts_.ledger.update_function(service, name, change, has_code ? &code : nullptr, if_match);
    if (!updated) return release(code), std::move(updated);
    parts_.retire(updated->id, kLatest);
    return updated;
}

Result<Function> EngineCatalog::get_function(const std::string& service, const std::string& name,
                                             const std::string& qualifier) const {
    return parts_.ledger.function(service, name, qualifier);
}

Result<> EngineCatalog::delete_function(const std::string& service, const std::string& name,
                                        const std::string& if_match) {
    const Function before = TRY(parts_.ledger.function(service, name));
    TRY(parts_.ledger.delete_function(service, name, if_match));
    parts_.retire(before.id, kLatest);
    return {};
}

Result<Page<Function>> EngineCatalog::list_functions(const std::string& service, const PageRequest& page,
                                                     const std::string& qualifier) const {
    return parts_.ledger.functions(service, page, qualifier);
}

Result<> EngineCatalog::tag_service(const std::string& name, const std::map<std::string, std::string>& tags) {
    return parts_.ledger.tag_service(name, tags);
}
Result<> EngineCatalog::untag_service(const std::string& name, const std::vector<std::string>& keys, bool all) {
    return parts_.ledger.untag_service(name, keys, all);
}

Result<Version> EngineCatalog::publish_version(const std::string& service, const std::string& description,
                                               const std::string& if_match) {
    return parts_.ledger.publish_version(service, description, if_match);
}
Result<> EngineCatalog::delete_version(const std::string& service, std::uint64_t id) {
    const auto gone = TRY(parts_.ledger.delete_version(service, id));
    for (const auto& revision : gone->functions->all()) parts_.retire(revision->function.id, gone->name);
    return {};
}
Result<Page<Version>> EngineCatalog::list_versions(const std::string& service, const VersionsRequest& request) const {
    return parts_.ledger.versions(service, request);
}

Result<Alias> EngineCatalog::create_alias(const std::string& service, Alias alias) {
    return parts_.ledger.create_alias(service, std::move(alias));
}
Result<Alias> EngineCatalog::update_alias(const std::string& service, const std::string& name,
                                          const AliasChange& change, const std::string& if_match) {
    return parts_.ledger.update_alias(service, name, change, if_match);
}
Result<Alias> EngineCatalog::get_alias(const std::string& service, const std::string& name) const {
    return parts_.ledger.alias(service, name);
}
Result<> EngineCatalog::delete_alias(const std::string& service, const std::string& name, const std::string& if_match) {
    return parts_.ledger.delete_alias(service, name, if_match);
}
Result<Page<Alias>> EngineCatalog::list_aliases(const std::string& service, const PageRequest& page) const {
    return parts_.ledger.aliases(service, page);
}

Result<std::string> EngineCatalog::get_code(const std::string& service, const std::string& name,
                                            const std::string& qualifier) const {
    const Function function = TRY(parts_.ledger.function(service, name, qualifier));
    if (function.code.package.empty())
        return catalog::refuse(ErrorKind::NotFound, "CodeNotFound",
                               "the package of function '" + name + "' was deployed by an engine that kept none");
    return parts_.packages.read(function.code.package);
}

Result<Trigger> EngineCatalog::create_trigger(Trigger trigger) {
    return parts_.ledger.create_trigger(std::move(trigger));
}
Result<Trigger> EngineCatalog::update_trigger(const std::string& service, const std::string& function,
                                              const std::string& name, const TriggerChange& change,
                                              const std::string& if_match) {
    return parts_.ledger.update_trigger({service, function, name}, change, if_match);
}
Result<Trigger> EngineCatalog::get_trigger(const std::string& service, const std::string& function,
                                           const std::string& name) const {
    return parts_.ledger.trigger({service, function, name});
}
Result<> EngineCatalog::delete_trigger(const std::string& service, const std::string& function, const std::string& name,
                                       const std::string& if_match) {
    return parts_.ledger.delete_trigger({service, function, name}, if_match);
}
Result<Page<Trigger>> EngineCatalog::list_triggers(const std::string& service, const std::string& function,
                                                   const PageRequest& page) const {
    return parts_.ledger.triggers(service, function, page);
}

Result<ProvisionConfig> EngineCatalog::put_provision_config(ProvisionConfig config) {
    auto put = parts_.ledger.put_provision_config(std::move(config));
    if (put) parts_.provision();
    return put;
}
Result<ProvisionConfig> EngineCatalog::get_provision_config(const FunctionReference& of) const {
    return parts_.ledger.provision_config(of);
}
Result<Page<ProvisionConfig>> EngineCatalog::list_provision_configs(const FunctionReference& of,
                                                                    const PageRequest& page) const {
    return parts_.ledger.provision_configs(of, page);
}
Result<OnDemandConfig> EngineCatalog::put_on_demand_config(OnDemandConfig config, const std::string& if_match) {
    return parts_.ledger.put_on_demand_config(std::move(config), if_match);
}
Result<OnDemandConfig> EngineCatalog::get_on_demand_config(const FunctionReference& of) const {
    return parts_.ledger.on_demand_config(of);
}
Result<> EngineCatalog::delete_on_demand_config(const FunctionReference& of) {
    return parts_.ledger.delete_on_demand_config(of);
}
Result<Page<OnDemandConfig>> EngineCatalog::list_on_demand_configs(const PageRequest& page) const {
    return parts_.ledger.on_demand_configs(page);
}
Result<AsyncConfig> EngineCatalog::put_async_config(AsyncConfig config) {
    return parts_.ledger.put_async_config(std::move(config));
}
Result<AsyncConfig> EngineCatalog::get_async_config(const FunctionReference& of) const {
    return parts_.ledger.async_config(of);
}
Result<> EngineCatalog::delete_async_config(const FunctionReference& of) {
    return parts_.ledger.delete_async_config(of);
}
Result<Page<AsyncConfig>> EngineCatalog::list_async_configs(const std::string& service, const std::string& function,
                                                            const PageRequest& page) const {
    return parts_.ledger.async_configs(service, function, page);
}
Result<Page<AsyncConfig>> EngineCatalog::list_stateful_configs(const PageRequest& page) const {
    return parts_.ledger.stateful_configs(page);
}

}  // namespace hotcell::embed
