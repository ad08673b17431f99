// The ledger of what may run: services, functions, versions and aliases, kept on disk and read from memory.
//
// Here: rules, existence, conditions (If-Match), ids, times and etags; a write has reached the disk when it returns. Not
// here: a package's bytes (environment/code), running anything, which version a call means (routing.h). Threads: all methods, any
// thread; writes take turns and block for the disk, reads never wait for one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/catalog/snapshot.h"
#include "hotcell/catalog.h"

namespace hotcell::catalog {

class Ledger {
public:
    /// Opens or makes the database. `runtimes` are the names that a function may have for its runtime. Conflict: another
    /// process has it open, or a newer engine wrote it. Broken: it is not a catalog, or damaged.
    static Result<Ledger> open(const std::string& path, std::vector<std::string> runtimes);
    Ledger(Ledger&&) noexcept;
    Ledger& operator=(Ledger&&) noexcept;
    ~Ledger();

    /// The catalog as it stands now; what is read from one snapshot fits together.
    std::shared_ptr<const Snapshot> snapshot() const;

    /// The code of everything that was there when the ledger was opened: once for each time that something has it. Asked once.
    std::vector<CodeIdentity> take_codes();
    /// Called, with a lock held, whenever one more thing has a code that was there (a version keeps what LATEST goes on with),
    /// and whenever a thing that had one is gone. Of what is given, empty fields say nothing.
    void on_codes(std::function<void(const CodeIdentity&)> taken, std::function<void(const CodeIdentity&)> released);

    // In all of these: InvalidArgument; NotFound (ServiceNotFound, FunctionNotFound, VersionNotFound, AliasNotFound); Conflict
    // (…AlreadyExists, ServiceNotEmpty, VersionPublishError, PreconditionFailed when `if_match` is neither empty nor the etag);
    // Exhausted (LimitExceededError; without a code: the disk is full). What failed has changed nothing, and has not taken
    // the code it was given. `qualifier` is empty or "LATEST", a version's id or an alias.

    /// Fills in id, times and etag. So does whatever else creates or updates.
    Result<Service> create_service(Service service);
    Result<Service> update_service(std::string_view name, const ServiceChange& change, std::string_view if_match = {});
    Result<Service> service(std::string_view name, std::string_view qualifier = {}) const;
    /// Only when it has neither functions nor versions. Its aliases go with it.
    Result<> delete_service(std::string_view name, std::string_view if_match = {});
    Result<Page<Service>> services(const PageRequest& request) const;
    /// Adds to the tags it has. They are not part of versions, and change neither time nor etag.
    Result<> tag_service(std::string_view name, const std::map<std::string, std::string>& tags);
    Result<> untag_service(std::string_view name, const std::vector<std::string>& keys, bool all);

    /// With its code.
    Result<Function> create_function(Function function);
    /// `code` goes with a change that has a package or names layers, otherwise null: a `name` that is not empty says the package, and
    /// `layers` where the change names some. `change.zip` itself is not looked at.
    Result<Function> update_function(std::string_view service, std::string_view name, const FunctionChange& change,
                                     const CodeIdentity* code = nullptr, std::string_view if_match = {});
    Result<Function> function(std::string_view service, std::string_view name, std::string_view qualifier = {}) const;
    /// Versions keep theirs. FunctionNotEmpty while it has triggers.
    Result<> delete_function(std::string_view service, std::string_view name, std::string_view if_match = {});
    Result<Page<Function>> functions(std::string_view service, const PageRequest& request,
                                     std::string_view qualifier = {}) const;

    /// `if_match` is the service's etag.
    Result<Version> publish_version(std::string_view service, std::string description, std::string_view if_match = {});
    /// Aliases that point at it stay and fail. What it was: the functions that nothing else may run any more.
    Result<std::shared_ptr<const VersionEntry>> delete_version(std::string_view service, std::uint64_t id);
    Result<Page<Version>> versions(std::string_view service, const VersionsRequest& request) const;

    Result<Alias> create_alias(std::string_view service, Alias alias);
    Result<Alias> update_alias(std::string_view service, std::string_view name, const AliasChange& change,
                               std::string_view if_match = {});
    Result<Alias> alias(std::string_view service, std::string_view name) const;
    Result<> delete_alias(std::string_view service, std::string_view name, std::string_view if_match = {});
    Result<Page<Alias>> aliases(std::string_view service, const PageRequest& request) const;

    /// Http triggers only, one for each version or alias, of functions that LATEST has.
    Result<Trigger> create_trigger(Trigger trigger);
    Result<Trigger> update_trigger(const Place& place, const TriggerChange& change, std::string_view if_match = {});
    Result<Trigger> trigger(const Place& place) const;
    Result<> delete_trigger(const Place& place, std::string_view if_match = {});
    Result<Page<Trigger>> triggers(const std::string& service, const std::string& function,
                                   const PageRequest& request) const;

    /// With its code; the version is the next one of the layer. LimitExceededError with 100 of them.
    Result<Layer> publish_layer(Layer layer);
    Result<Layer> layer(const std::string& name, std::uint32_t version) const;
    /// Functions that have it keep what they were deployed with.
    Result<> delete_layer(const std::string& name, std::uint32_t version);
    /// Of all its versions.
    Result<> set_layer_public(const std::string& name, bool is_public);
    /// The newest version of each.
    Result<Page<Layer>> layers(const PageRequest& request) const;
    /// Newest first, from `start_version` on down (0: from the newest); the token is the next page's start_version.
    Result<Page<Layer>> layer_versions(const std::string& name, std::uint32_t start_version, std::uint32_t limit) const;

    // Of configurations, what is there is replaced. They go with their service, those of LATEST with the function.
    Result<ProvisionConfig> put_provision_config(ProvisionConfig config);
    Result<ProvisionConfig> provision_config(const FunctionReference& of) const;
    Result<Page<ProvisionConfig>> provision_configs(const FunctionReference& of, const PageRequest& request) const;
    /// May be put before there is what it is for.
    Result<OnDemandConfig> put_on_demand_config(OnDemandConfig config, std::string_view if_match = {});
    Result<OnDemandConfig> on_demand_config(const FunctionReference& of) const;
    Result<> delete_on_demand_config(const FunctionReference& of);
    Result<Page<OnDemandConfig>> on_demand_configs(const PageRequest& request) const;
    Result<AsyncConfig> put_async_config(AsyncConfig config);
    Result<AsyncConfig> async_config(const FunctionReference& of) const;
    Result<> delete_async_config(const FunctionReference& of);
    Result<Page<AsyncConfig>> async_configs(const std::string& service, const std::string& function,
                                            const PageRequest& request) const;
    Result<Page<AsyncConfig>> stateful_configs(const PageRequest& request) const;

private:
    struct State;
    explicit Ledger(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace hotcell::catalog
