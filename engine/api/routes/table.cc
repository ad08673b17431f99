#include "engine/api/routes/table.h"

#include "engine/api/limits.h"
#include "engine/api/routes/call_routes.h"
#include "engine/api/routes/catalog_routes.h"
#include "engine/api/routes/run_route.h"

namespace hotcell::api {

namespace {

// clang-format off: a row a line
constexpr Row kRows[] = {
    {"POST", kFc, "/services/{}/functions/{}/invocations", kMaxEvent.count, calls<invoke_function>},
    {"POST", kFc, "/services", kMaxJson.count, waits<create_service>},
    {"GET", kFc, "/services", 0, reads<list_services>},
    {"GET", kFc, "/services/{}", 0, reads<get_service>},
    {"PUT", kFc, "/services/{}", kMaxJson.count, waits<update_service>},
    {"DELETE", kFc, "/services/{}", 0, waits<delete_service>},
    {"POST", kFc, "/services/{}/functions", kMaxCodeBody.count, waits<create_function>},
    {"GET", kFc, "/services/{}/functions", 0, reads<list_functions>},
    {"GET", kFc, "/services/{}/functions/{}", 0, reads<get_function>},
    {"PUT", kFc, "/services/{}/functions/{}", kMaxCodeBody.count, waits<update_function>},
    {"DELETE", kFc, "/services/{}/functions/{}", 0, waits<delete_function>},
    {"GET", kFc, "/services/{}/functions/{}/code", 0, reads<get_function_code>},
    {"GET", kFc, "/services/{}/functions/{}/instances", 0, reads<list_function_instances>},
    {"POST", kFc, "/services/{}/versions", kMaxJson.count, waits<publish_version>},
    {"GET", kFc, "/services/{}/versions", 0, reads<list_versions>},
    {"DELETE", kFc, "/services/{}/versions/{}", 0, waits<delete_version>},
    {"POST", kFc, "/services/{}/aliases", kMaxJson.count, waits<create_alias>},
    {"GET", kFc, "/services/{}/aliases", 0, reads<list_aliases>},
    {"GET", kFc, "/services/{}/aliases/{}", 0, reads<get_alias>},
    {"PUT", kFc, "/services/{}/aliases/{}", kMaxJson.count, waits<update_alias>},
    {"DELETE", kFc, "/services/{}/aliases/{}", 0, waits<delete_alias>},
    {"POST", kFc, "/services/{}/functions/{}/triggers", kMaxJson.count, waits<create_trigger>},
    {"GET", kFc, "/services/{}/functions/{}/triggers", 0, reads<list_triggers>},
    {"GET", kFc, "/services/{}/functions/{}/triggers/{}", 0, reads<get_trigger>},
    {"PUT", kFc, "/services/{}/functions/{}/triggers/{}", kMaxJson.count, waits<update_trigger>},
    {"DELETE", kFc, "/services/{}/functions/{}/triggers/{}", 0, waits<delete_trigger>},
    {"GET", kFc, "/layers", 0, reads<list_layers>},
    {"POST", kFc, "/layers/{}/versions", kMaxCodeBody.count, waits<publish_layer>},
    {"GET", kFc, "/layers/{}/versions", 0, reads<list_layer_versions>},
    {"GET", kFc, "/layers/{}/versions/{}", 0, reads<get_layer>},
    {"DELETE", kFc, "/layers/{}/versions/{}", 0, waits<delete_layer>},
    {"PUT", kFc, "/layers/{}/acl", kMaxJson.count, waits<put_layer_acl>},
    {"GET", kFc, "/layerarn/{}", 0, reads<get_layer_by_arn>},
    {"POST", kFc, "/tag", kMaxJson.count, waits<tag_service>},
    {"GET", kFc, "/tag", 0, reads<get_tags>},
    {"DELETE", k2016, "/tag", kMaxJson.count, waits<untag_service>},
    {"PUT", k2021, "/tag", kMaxJson.count, waits<untag_service>},
    {"GET", k2021, "/tags", 0, reads<list_tagged>},
    {"GET", kFc, "/provision-configs", 0, reads<list_provision>},
    {"GET", kFc, "/services/{}/functions/{}/provision-config", 0, reads<get_provision>},
    {"PUT", kFc, "/services/{}/functions/{}/provision-config", kMaxJson.count, waits<put_provision>},
    {"GET", kFc, "/on-demand-configs", 0, reads<list_on_demand>},
    {"GET", kFc, "/services/{}/functions/{}/on-demand-config", 0, reads<get_on_demand>},
    {"PUT", kFc, "/services/{}/functions/{}/on-demand-config", kMaxJson.count, waits<put_on_demand>},
    {"DELETE", kFc, "/services/{}/functions/{}/on-demand-config", 0, waits<delete_on_demand>},
    {"GET", kFc, "/services/{}/functions/{}/async-invoke-configs", 0, reads<list_async_configs>},
    {"GET", kFc, "/services/{}/functions/{}/async-invoke-config", 0, reads<get_async_config>},
    {"PUT", kFc, "/services/{}/functions/{}/async-invoke-config", kMaxJson.count, waits<put_async_config>},
    {"DELETE", kFc, "/services/{}/functions/{}/async-invoke-config", 0, waits<delete_async_config>},
    {"GET", kFc, "/stateful-async-invocation-functions", 0, reads<list_stateful_functions>},
    {"GET", kFc, "/services/{}/functions/{}/stateful-async-invocations", 0, calls<list_async_invocations>},
    {"GET", kFc, "/services/{}/functions/{}/stateful-async-invocations/{}", 0, calls<get_async_invocation>},
    {"PUT", kFc, "/services/{}/functions/{}/stateful-async-invocations/{}", kMaxJson.count,
     calls<stop_async_invocation>},
    {"GET", kFc, "/account-settings", 0, reads<get_account_settings>},
    {"GET", kFc, "/accountConfigs", 0, reads<get_account_configs>},
    {"GET", k2016, "/reservedCapacities", 0, reads<list_reserved_capacities>},
    {"GET", k2021, "/reserved-capacities", 0, reads<list_reserved_capacities>},
    {"GET", kFc, "/tempBucketToken", 0, reads<refuse_bucket_token>},
    {"GET", kFc, "/services/{}/tempCodeBucketToken", 0, reads<refuse_bucket_token>},

    {"GET", kNative, "/v1/packages/services/{}/functions/{}", 0, waits<download_function>},
    {"GET", kNative, "/v1/packages/layers/{}/versions/{}", 0, waits<download_layer>},
    {"GET", kNative, "/v1/invocations/{}", 0, reads<get_invocation>},
    {"GET", kNative, "/v1/logs", 0, calls<get_logs>},
    {"GET", kNative, "/v1/instances", 0, reads<list_instances>},
    {"POST", kNative, "/v1/instances:evict", 0, reads<evict_instances>},
    {"GET", kNative, "/v1/runtimes", 0, reads<list_runtimes>},
    {"GET", kNative, "/metrics", 0, reads<get_metrics>},
    {"GET", kNative, "/healthz", 0, answer_health, false},
    {"GET", kNative, "/readyz", 0, answer_ready, false},
    {"GET", kNative, "/version", 0, answer_version, false},
    {"GET", kNative, "/v1/engine", 0, answer_engine, false},
    {"POST", kNative, "/v1/run", kMaxRunBody.count, answer_run, false},
};
// clang-format on

}  // namespace

std::span<const Row> rows() { return kRows; }

}  // namespace hotcell::api
