#include "engine/environment/runtime/documents.h"

#include <boost/json.hpp>
#include <map>

namespace hotcell::environment {

namespace json = boost::json;

namespace {

constexpr std::string_view kRegion = "local";
constexpr std::string_view kAccount = "0";

json::object environment_of(const Manifest& manifest, const Service& service, const Function& function,
                            const std::string& instance_id) {
    std::map<std::string, std::string> all = manifest.environment;
    const std::pair<const char*, std::string> ours[] = {
        {"FC_FUNC_CODE_PATH", "/code"},
        {"FC_ACCOUNT_ID", std::string(kAccount)},
        {"FC_REGION", std::string(kRegion)},
        {"FC_FUNCTION_NAME", function.name},
        {"FC_FUNCTION_HANDLER", function.handler},
        {"FC_FUNCTION_MEMORY_SIZE", std::to_string(function.memory_mib)},
        {"FC_SERVICE_NAME", service.name},
        {"FC_QUALIFIER", "LATEST"},
        {"FC_INSTANCE_ID", instance_id},
        {"FC_RUNTIME_VERSION", function.runtime},
    };
    all.insert_or_assign("TZ", "UTC");
    for (const auto& [name, value] : function.environment) all.insert_or_assign(name, value);
    for (const auto& [name, value] : ours) all.insert_or_assign(name, value);
    json::object object;
    for (const auto& [name, value] : all) object[name] = value;
    return object;
}

}  // namespace

std::string load_document(const Manifest& manifest, const Service& service, const Function& function,
                          const std::string& instance_id) {
    return json::serialize(json::object{
        {"handler", function.handler},
        {"initializer", function.initializer},
        {"env", environment_of(manifest, service, function, instance_id)},
        {"function",
         {{"name", function.name},
          {"handler", function.handler},
          {"memory", function.memory_mib},
          {"timeout", function.timeout_s},
          {"initializer", function.initializer},
          {"initializationTimeout", function.initialization_timeout_s}}},
        {"service",
         {{"name", service.name},
          {"logProject", service.log.project},
          {"logStore", service.log.logstore},
          {"qualifier", "LATEST"},
          {"versionId", "LATEST"}}},
        {"region", kRegion},
        {"accountId", kAccount},
    });
}

std::string call_context(std::string_view request_id, std::int64_t deadline_ms) {
    // on the path of every call; nothing in it needs escaping
    std::string text = R"({"requestId":")";
    text.append(request_id).append(R"(","deadlineMs":)").append(std::to_string(deadline_ms));
    return text.append(R"(,"credentials":{"accessKeyId":"","accessKeySecret":"","securityToken":""},"retryCount":0})");
}

std::string error_document(std::string_view message, std::string_view type) {
    return json::serialize(json::object{{"errorMessage", message}, {"errorType", type}});
}

}  // namespace hotcell::environment
