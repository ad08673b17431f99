// What may run: services and their functions, versions and aliases of a service, triggers, layers, and how much of a function is
// kept ready. Values as they are deployed, and the interface that keeps them.
//
// Names, limits and messages are those of Function Compute 2.0. Times of day are milliseconds since 1970, UTC.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hotcell/error.h"
#include "hotcell/units.h"

namespace hotcell {

inline constexpr std::string_view kLatest = "LATEST";
// What stands for region and account in ARNs, addresses and contexts.
inline constexpr std::string_view kRegionName = "local";
inline constexpr std::string_view kAccountId = "0";

// ---- services -----------------------------------------------------------------------------------------------------

/// Where a service's functions send their logs. Project and logstore empty: nowhere, only the tail of a call is kept.
struct LogConfig {
    std::string project;
    std::string logstore;
    bool request_metrics = false;
    bool instance_metrics = false;
    std::string begin_rule = "None";  // or "DefaultRegex": a record begins with a date
    bool operator==(const LogConfig&) const = default;
};

struct VpcConfig {
    std::string vpc_id;  // empty: none
    std::vector<std::string> vswitch_ids;
    std::string security_group_id;
    std::string role;
    bool operator==(const VpcConfig&) const = default;
};

struct NasMount {
    std::string server;  // "server:/export" or "file:///dir"
    std::string directory;
    bool tls = false;
    bool operator==(const NasMount&) const = default;
};
struct NasConfig {
    std::int32_t user_id = -1;  // -1: the one that functions have
    std::int32_t group_id = -1;
    std::vector<NasMount> mounts;  // at most 5
    bool operator==(const NasConfig&) const = default;
};

struct OssMount {
    std::string bucket;
    std::string path;
    std::string endpoint;
    std::string directory;
    bool read_only = false;
    bool operator==(const OssMount&) const = default;
};

struct TracingConfig {
    std::string type;  // empty: none; "Jaeger"
    std::map<std::string, std::string> parameters;
    bool operator==(const TracingConfig&) const = default;
};

/// What the functions of a service share: what a version takes a snapshot of.
struct ServiceSettings {
    std::string description;  // of a version: the one that was published with
    std::string role;
    LogConfig log;
    bool internet_access = true;
    VpcConfig vpc;
    NasConfig nas;
    std::vector<OssMount> oss_mounts;  // at most 5
    TracingConfig tracing;
    bool operator==(const ServiceSettings&) const = default;
};

struct Service {
    std::string name;  // 1..128 of [A-Za-z0-9_-], not beginning with a digit or '-'
    ServiceSettings settings;
    std::map<std::string, std::string> tags;  // at most 20; not part of versions

    // given by the engine
    std::string id;
    std::string version{kLatest};  // or the id of the version this is the snapshot of
    std::int64_t created_ms = 0;
    std::int64_t modified_ms = 0;
    std::string etag;  // changes with every update
};

/// Fields of a service to change; what is unset stays.
struct ServiceChange {
    std::optional<std::string> description;
    std::optional<std::string> role;
    std::optional<LogConfig> log;
    std::optional<bool> internet_access;
    std::optional<VpcConfig> vpc;
    std::optional<NasConfig> nas;
    std::optional<std::vector<OssMount>> oss_mounts;
    std::optional<TracingConfig> tracing;
};

// ---- functions ----------------------------------------------------------------------------------------------------

/// How a custom runtime is started. Both empty: /code/bootstrap.
struct CustomRuntime {
    std::vector<std::string> command;
    std::vector<std::string> arguments;  // follow the command
    bool operator==(const CustomRuntime&) const = default;
};

/// Of a custom runtime; times in seconds.
struct HealthCheck {
    std::string path;  // "/health"; empty: none is made
    std::uint32_t initial_delay_s = 0;
    std::uint32_t period_s = 3;
    std::uint32_t timeout_s = 1;
    std::uint32_t failure_threshold = 3;
    std::uint32_t success_threshold = 1;
    bool operator==(const HealthCheck&) const = default;
};

struct LifecycleHook {
    std::string handler;          // empty: the hook is off
    std::uint32_t timeout_s = 3;  // 1..90
    bool operator==(const LifecycleHook&) const = default;
};

struct CustomDns {
    std::vector<std::string> name_servers;
    std::vector<std::string> searches;
    std::vector<std::pair<std::string, std::string>> options;  // name and value
    bool operator==(const CustomDns&) const = default;
};

/// What runs and how: what a version takes a snapshot of.
struct FunctionSettings {
    std::string description;
    std::string runtime;
    std::string handler;
    std::string initializer;                         // empty: none
    std::uint32_t timeout_s = 3;                     // 1..86400
    std::uint32_t initialization_timeout_s = 3;      // 1..300
    std::uint32_t memory_mib = 128;                  // 128..32768, a multiple of 64
    std::uint32_t cpu_percent = 0;                   // of one processor, 5..1600, a multiple of 5; 0: a share by memory
    std::uint32_t disk_mib = 512;                    // 512 or 10240
    std::uint32_t concurrency = 1;                   // calls at a time in one environment, 1..200; custom runtimes only
    std::string instance_type = "e1";                // or "c1"
    std::map<std::string, std::string> environment;  // at most 4 KiB in all
    std::vector<std::string> layers;                 // ARNs, at most 5; what is named first goes before the others
    std::uint16_t port = 9000;                       // of a custom runtime's server
    CustomRuntime custom;
    HealthCheck health;
    LifecycleHook pre_freeze;
    LifecycleHook pre_stop;
    CustomDns dns;
    bool operator==(const FunctionSettings&) const = default;
};

/// The package that a function runs, or that a layer is made of.
struct CodeIdentity {
    std::string name;            // sha256 that names the unpacked tree in the store
    std::uint64_t size = 0;      // of the package, bytes
    std::uint64_t checksum = 0;  // CRC-64 (ECMA-182) of the package
    std::string package;         // sha256 of the package's bytes; empty: they were not kept
    std::string layers{};        // sha256 that names the tree of its layers, which lies at /opt; empty: none
    bool operator==(const CodeIdentity&) const = default;
};

struct Function {
    std::string service;
    std::string name;  // 1..64, as a service's
    FunctionSettings settings;

    // given by the engine
    CodeIdentity code;  // code.checksum given to create_function must be right
    std::string id;
    std::int64_t created_ms = 0;
    std::int64_t modified_ms = 0;
    std::string etag;
};

/// Fields of a function to change; what is unset stays.
struct FunctionChange {
    std::optional<std::string> description;
    std::optional<std::string> runtime;
    std::optional<std::string> handler;
    std::optional<std::string> initializer;
    std::optional<std::uint32_t> timeout_s;
    std::optional<std::uint32_t> initialization_timeout_s;
    std::optional<std::uint32_t> memory_mib;
    std::optional<std::uint32_t> cpu_percent;
    std::optional<std::uint32_t> disk_mib;
    std::optional<std::uint32_t> concurrency;
    std::optional<std::string> instance_type;
    std::optional<std::map<std::string, std::string>> environment;
    std::optional<std::vector<std::string>> layers;
    std::optional<std::uint16_t> port;
    std::optional<CustomRuntime> custom;
    std::optional<HealthCheck> health;
    std::optional<LifecycleHook> pre_freeze;
    std::optional<LifecycleHook> pre_stop;
    std::optional<CustomDns> dns;
    std::optional<std::string> zip;             // the package, a zip file's bytes
    std::optional<std::uint64_t> zip_checksum;  // must be right, when given
};

// ---- versions and aliases -----------------------------------------------------------------------------------------

/// A snapshot of a service and all its functions that never changes.
struct Version {
    std::uint64_t id = 0;  // 1, 2 … within the service; never used again
    std::string description;
    std::int64_t created_ms = 0;
    std::int64_t modified_ms = 0;
};

/// A name that points at a version, and may send a share of the calls to a second.
struct Alias {
    std::string name;  // 1..128, as a service's; not "LATEST"
    std::string description;
    std::string version;  // "3" or "LATEST"
    std::map<std::string, double>
        extra_weights;  // at most one: its share of the calls, 0..1; the rest goes to `version`
    std::int64_t created_ms = 0;
    std::int64_t modified_ms = 0;
    std::string etag;
};

struct AliasChange {
    std::optional<std::string> description;
    std::optional<std::string> version;
    std::optional<std::map<std::string, double>> extra_weights;  // empty: none any more
};

// ---- triggers, layers ---------------------------------------------------------------------------------------------

/// What calls a function over HTTP, by its own address.
struct HttpTrigger {
    std::string auth_type = "anonymous";  // or "function": the request is signed
    std::vector<std::string> methods;     // of GET POST PUT DELETE HEAD PATCH OPTIONS
    bool operator==(const HttpTrigger&) const = default;
};

struct Trigger {
    std::string service;
    std::string function;
    std::string name;  // 1..128, as a service's
    std::string type = "http";
    std::string description;
    std::string qualifier;  // which version it calls; empty: LATEST
    std::string source_arn;
    std::string invocation_role;
    HttpTrigger http;

    // given by the engine
    std::string id;
    std::int64_t created_ms = 0;
    std::int64_t modified_ms = 0;
    std::string etag;
};

struct TriggerChange {
    std::optional<std::string> description;
    std::optional<std::string> qualifier;
    std::optional<std::string> invocation_role;
    std::optional<HttpTrigger> http;
};

/// One version of a layer: files that functions see at /opt.
struct Layer {
    std::string name;  // 1..64, as a service's
    std::uint32_t version = 0;
    std::string description;
    std::vector<std::string> compatible_runtimes;
    std::string license;
    bool is_public = false;
    CodeIdentity code;
    std::string arn;  // what a function's `layers` name: acs:fc:{region}:{account}:layers/{name}/versions/{version}
    std::int64_t created_ms = 0;
};

// ---- how much is kept ready, how many there may be, what becomes of asynchronous calls --------------------------------

/// A function under one qualifier, by which these are kept; they are not part of versions.
struct FunctionReference {
    std::string service;
    std::string qualifier;  // empty: LATEST
    std::string function;
    auto operator<=>(const FunctionReference&) const = default;
};

struct ScheduledTarget {
    std::string name;
    std::string start_time;  // "2020-10-10T10:10:10Z"
    std::string end_time;
    std::uint32_t target = 0;
    std::string schedule;  // "at(2020-10-10T10:10:10Z)" or "cron(0 */30 * * * *)"
    bool operator==(const ScheduledTarget&) const = default;
};

struct TargetTracking {
    std::string name;
    std::string start_time;
    std::string end_time;
    std::string metric = "ProvisionedConcurrencyUtilization";
    double metric_target = 0;  // 0..1
    std::uint32_t least = 0;
    std::uint32_t most = 0;
    bool operator==(const TargetTracking&) const = default;
};

struct ProvisionConfig {
    FunctionReference of;                   // an alias or LATEST
    std::uint32_t target = 0;               // environments kept ready, 0..10000
    std::vector<ScheduledTarget> schedule;  // at most 100
    std::vector<TargetTracking> tracking;
    bool always_allocate_cpu = true;
};

struct OnDemandConfig {
    FunctionReference of;
    std::uint32_t most_instances = 0;  // 0: no call is let in
    std::int64_t created_ms = 0;
    std::int64_t modified_ms = 0;
    std::string etag;
};

struct AsyncConfig {
    FunctionReference of;
    std::string on_success;  // ARN of a destination; empty: none
    std::string on_failure;
    std::uint32_t most_age_s = 86400;  // 1..2592000
    std::uint32_t most_retries = 3;    // 0..8
    bool stateful = false;
    std::int64_t created_ms = 0;
    std::int64_t modified_ms = 0;
};

// ---- lists ----------------------------------------------------------------------------------------------------------

/// One page of a list sorted by name.
struct PageRequest {
    std::string prefix;
    std::string start_key;                    // the first name that may be listed
    std::string next_token;                   // of the page before; goes before start_key
    std::uint32_t limit = 20;                 // 1..100
    std::map<std::string, std::string> tags;  // of services: those that have all of them; an empty value is any
};
template <class Item>
struct Page {
    std::vector<Item> items;
    std::string next_token;  // empty: this was the last page
};

struct VersionsRequest {
    std::string start_key;
    std::string next_token;
    std::uint32_t limit = 20;
    bool forward = false;  // oldest first
};

// ---- the interface ----------------------------------------------------------------------------------------------------

/// Everything that is deployed. Threads: any. Changes take turns and wait for the disk: what has returned is kept over a kill. Reads
/// wait for nobody.
///
/// Errors carry FC's code (ServiceNotFound, FunctionAlreadyExists, InvalidArgument …) and words that name field, limit and value.
/// `qualifier` is empty or "LATEST", a version's id or an alias; `if_match` is an etag, or empty for whatever there is
/// (PreconditionFailed).
class Catalog {
public:
    virtual ~Catalog() = default;

    virtual Result<Service> create_service(Service service) = 0;
    virtual Result<Service> update_service(const std::string& name, const ServiceChange& change,
                                           const std::string& if_match = {}) = 0;
    virtual Result<Service> get_service(const std::string& name, const std::string& qualifier = {}) const = 0;
    /// ServiceNotEmpty while it has functions or versions.
    virtual Result<> delete_service(const std::string& name, const std::string& if_match = {}) = 0;
    virtual Result<Page<Service>> list_services(const PageRequest& page) const = 0;
    virtual Result<> tag_service(const std::string& name, const std::map<std::string, std::string>& tags) = 0;
    /// All of them with `all`.
    virtual Result<> untag_service(const std::string& name, const std::vector<std::string>& keys, bool all) = 0;

    /// `zip` is unpacked in a sandbox first; nothing is created when it is refused.
    virtual Result<Function> create_function(Function function, std::string zip) = 0;
    virtual Result<Function> update_function(const std::string& service, const std::string& name, FunctionChange change,
                                             const std::string& if_match = {}) = 0;
    virtual Result<Function> get_function(const std::string& service, const std::string& name,
                                          const std::string& qualifier = {}) const = 0;
    /// FunctionNotEmpty while it has triggers.
    virtual Result<> delete_function(const std::string& service, const std::string& name,
                                     const std::string& if_match = {}) = 0;
    virtual Result<Page<Function>> list_functions(const std::string& service, const PageRequest& page,
                                                  const std::string& qualifier = {}) const = 0;
    /// The package as it was uploaded, a zip file's bytes.
    virtual Result<std::string> get_code(const std::string& service, const std::string& name,
                                         const std::string& qualifier = {}) const = 0;

    /// VersionPublishError when nothing has changed since the last one; `if_match` is the service's etag.
    virtual Result<Version> publish_version(const std::string& service, const std::string& description,
                                            const std::string& if_match = {}) = 0;
    virtual Result<> delete_version(const std::string& service, std::uint64_t id) = 0;
    virtual Result<Page<Version>> list_versions(const std::string& service, const VersionsRequest& request) const = 0;

    virtual Result<Alias> create_alias(const std::string& service, Alias alias) = 0;
    virtual Result<Alias> update_alias(const std::string& service, const std::string& name, const AliasChange& change,
                                       const std::string& if_match = {}) = 0;
    virtual Result<Alias> get_alias(const std::string& service, const std::string& name) const = 0;
    virtual Result<> delete_alias(const std::string& service, const std::string& name,
                                  const std::string& if_match = {}) = 0;
    virtual Result<Page<Alias>> list_aliases(const std::string& service, const PageRequest& page) const = 0;

    virtual Result<Trigger> create_trigger(Trigger trigger) = 0;
    virtual Result<Trigger> update_trigger(const std::string& service, const std::string& function,
                                           const std::string& name, const TriggerChange& change,
                                           const std::string& if_match = {}) = 0;
    virtual Result<Trigger> get_trigger(const std::string& service, const std::string& function,
                                        const std::string& name) const = 0;
    virtual Result<> delete_trigger(const std::string& service, const std::string& function, const std::string& name,
                                    const std::string& if_match = {}) = 0;
    virtual Result<Page<Trigger>> list_triggers(const std::string& service, const std::string& function,
                                                const PageRequest& page) const = 0;

    /// The next version of the layer `layer.name`.
    virtual Result<Layer> publish_layer(Layer layer, std::string zip) = 0;
    virtual Result<Layer> get_layer(const std::string& name, std::uint32_t version) const = 0;
    virtual Result<Layer> get_layer(const std::string& arn) const = 0;
    virtual Result<std::string> get_layer_code(const std::string& name, std::uint32_t version) const = 0;
    virtual Result<> delete_layer(const std::string& name, std::uint32_t version) = 0;
    virtual Result<> set_layer_public(const std::string& name, bool is_public) = 0;
    /// The newest version of each.
    virtual Result<Page<Layer>> list_layers(const PageRequest& page) const = 0;
    /// Newest first, at most `start_version` (0: all).
    virtual Result<Page<Layer>> list_layer_versions(const std::string& name, std::uint32_t start_version,
                                                    std::uint32_t limit) const = 0;

    virtual Result<ProvisionConfig> put_provision_config(ProvisionConfig config) = 0;
    /// Target 0 where none was put.
    virtual Result<ProvisionConfig> get_provision_config(const FunctionReference& of) const = 0;
    /// Empty fields of `of` are any.
    virtual Result<Page<ProvisionConfig>> list_provision_configs(const FunctionReference& of,
                                                                 const PageRequest& page) const = 0;
    virtual Result<OnDemandConfig> put_on_demand_config(OnDemandConfig config, const std::string& if_match = {}) = 0;
    virtual Result<OnDemandConfig> get_on_demand_config(const FunctionReference& of) const = 0;
    virtual Result<> delete_on_demand_config(const FunctionReference& of) = 0;
    virtual Result<Page<OnDemandConfig>> list_on_demand_configs(const PageRequest& page) const = 0;
    virtual Result<AsyncConfig> put_async_config(AsyncConfig config) = 0;
    virtual Result<AsyncConfig> get_async_config(const FunctionReference& of) const = 0;
    virtual Result<> delete_async_config(const FunctionReference& of) = 0;
    virtual Result<Page<AsyncConfig>> list_async_configs(const std::string& service, const std::string& function,
                                                         const PageRequest& page) const = 0;
    /// Those of all functions that keep a record of every asynchronous call.
    virtual Result<Page<AsyncConfig>> list_stateful_configs(const PageRequest& page) const = 0;
};

}  // namespace hotcell
