// The public Catalog over the ledger, which says what is deployed, and the code store, which has the packages.
//
// Here: a package is unpacked and stored before anything refers to it, held for as long as something does, and environments
// of what has changed are ended. Not here: rules and existence (catalog/), routing of calls (functions.cc). Threads: any.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/catalog/ledger.h"
#include "engine/environment/code/code_store.h"
#include "engine/environment/code/package_store.h"
#include "hotcell/catalog.h"

namespace hotcell::embed {

struct EngineCatalogParts {
    catalog::Ledger& ledger;
    environment::CodeStore& store;
    environment::PackageStore& packages;
    std::vector<std::string> runtimes;  // that functions may have
    /// Unpacks a package, prepares it for the runtime and stores its tree. The name it has there; it is held until release().
    std::function<Result<std::string>(std::string zip, const std::string& runtime)> store_package;
    /// Ends what runs of a version of a function that has been changed or deleted.
    std::function<void(const std::string& function_id, std::string_view version)> retire;
    /// Looks at what is to be kept ready, now that more or less is.
    std::function<void()> provision;
};

class EngineCatalog final : public Catalog {
public:
    explicit EngineCatalog(EngineCatalogParts parts) : parts_(std::move(parts)) {}

    /// All of a code that is not empty; once for each time that something has it.
    void hold(const CodeIdentity& code);
    void release(const CodeIdentity& code);

    Result<Service> create_service(Service service) override;
    Result<Service> update_service(const std::string& name, const ServiceChange& change,
                                   const std::string& if_match = {}) override;
    Result<Service> get_service(const std::string& name, const std::string& qualifier = {}) const override;
    Result<> delete_service(const std::string& name, const std::string& if_match = {}) override;
    Result<Page<Service>> list_services(const PageRequest& page) const override;
    Result<> tag_service(const std::string& name, const std::map<std::string, std::string>& tags) override;
    Result<> untag_service(const std::string& name, const std::vector<std::string>& keys, bool all) override;

    Result<Function> create_function(Function function, std::string zip) override;
    Result<Function> update_function(const std::string& service, const std::string& name, FunctionChange change,
                                     const std::string& if_match = {}) override;
    Result<Function> get_function(const std::string& service, const std::string& name,
                                  const std::string& qualifier = {}) const override;
    Result<> delete_function(const std::string& service, const std::string& name,
                             const std::string& if_match = {}) override;
    Result<Page<Function>> list_functions(const std::string& service, const PageRequest& page,
                                          const std::string& qualifier = {}) const override;
    Result<std::string> get_code(const std::string& service, const std::string& name,
                                 const std::string& qualifier = {}) const override;

    Result<Version> publish_version(const std::string& service, const std::string& description,
                                    const std::string& if_match = {}) override;
    Result<> delete_version(const std::string& service, std::uint64_t id) override;
    Result<Page<Version>> list_versions(const std::string& service, const VersionsRequest& request) const override;

    Result<Alias> create_alias(const std::string& service, Alias alias) override;
    Result<Alias> update_alias(const std::string& service, const std::string& name, const AliasChange& change,
                               const std::string& if_match = {}) override;
    Result<Alias> get_alias(const std::string& service, const std::string& name) const override;
    Result<> delete_alias(const std::string& service, const std::string& name,
                          const std::string& if_match = {}) override;
    Result<Page<Alias>> list_aliases(const std::string& service, const PageRequest& page) const override;

    Result<Trigger> create_trigger(Trigger trigger) override;
    Result<Trigger> update_trigger(const std::string& service, const std::string& function, const std::string& name,
                                   const TriggerChange& change, const std::string& if_match = {}) override;
    Result<Trigger> get_trigger(const std::string& service, const std::string& function,
                                const std::string& name) const override;
    Result<> delete_trigger(const std::string& service, const std::string& function, const std::string& name,
                            const std::string& if_match = {}) override;
    Result<Page<Trigger>> list_triggers(const std::string& service, const std::string& function,
                                        const PageRequest& page) const override;

    Result<Layer> publish_layer(Layer layer, std::string zip) override;
    Result<Layer> get_layer(const std::string& name, std::uint32_t version) const override;
    Result<Layer> get_layer(const std::string& arn) const override;
    Result<std::string> get_layer_code(const std::string& name, std::uint32_t version) const override;
    Result<> delete_layer(const std::string& name, std::uint32_t version) override;
    Result<> set_layer_public(const std::string& name, bool is_public) override;
    Result<Page<Layer>> list_layers(const PageRequest& page) const override;
    Result<Page<Layer>> list_layer_versions(const std::string& name, std::uint32_t start_version,
                                            std::uint32_t limit) const override;

    Result<ProvisionConfig> put_provision_config(ProvisionConfig config) override;
    Result<ProvisionConfig> get_provision_config(const FunctionReference& of) const override;
    Result<Page<ProvisionConfig>> list_provision_configs(const FunctionReference& of,
                                                         const PageRequest& page) const override;
    Result<OnDemandConfig> put_on_demand_config(OnDemandConfig config, const std::string& if_match = {}) override;
    Result<OnDemandConfig> get_on_demand_config(const FunctionReference& of) const override;
    Result<> delete_on_demand_config(const FunctionReference& of) override;
    Result<Page<OnDemandConfig>> list_on_demand_configs(const PageRequest& page) const override;
    Result<AsyncConfig> put_async_config(AsyncConfig config) override;
    Result<AsyncConfig> get_async_config(const FunctionReference& of) const override;
    Result<> delete_async_config(const FunctionReference& of) override;
    Result<Page<AsyncConfig>> list_async_configs(const std::string& service, const std::string& function,
                                                 const PageRequest& page) const override;
    Result<Page<AsyncConfig>> list_stateful_configs(const PageRequest& page) const override;

private:
    /// Held: the package as it came and its tree.
    Result<CodeIdentity> keep_package(std::string zip, const std::string& runtime, std::uint64_t said_checksum);
    /// The name of the tree that these layers make together, held; empty for none.
    Result<std::string> merge(const std::vector<std::string>& arns);
    Result<Layer> layer_of(const std::string& arn) const;

    EngineCatalogParts parts_;
};

}  // namespace hotcell::embed
