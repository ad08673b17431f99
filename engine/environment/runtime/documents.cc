#include "engine/environment/runtime/documents.h"

#include <boost/json.hpp>
#include <map>

#include "engine/environment/channel/shared_memory.h"

namespace hotcell::environment {

namespace json = boost::json;

std::map<std::string, std::string> process_environment(const Manifest& manifest, const Loaded& loaded) {
    const Function& function = loaded.function;
    std::map<std::string, std::string> all = manifest.environment;
    const std::pair<const char*, std::string> ours[] = {
        {"FC_FUNC_CODE_PATH", "/code"},
        {"FC_ACCOUNT_ID", std::string(kAccount)},
        {"FC_REGION", std::string(kRegion)},
        {"FC_FUNCTION_NAME", function.name},
        {"FC_FUNCTION_HANDLER", function.settings.handler},
        {"FC_FUNCTION_MEMORY_SIZE", std::to_string(function.settings.memory_mib)},
        {"FC_SERVICE_NAME", loaded.service.name},
        {"FC_QUALIFIER", std::string(loaded.version)},
        {"FC_FUNCTION_VERSION", std::string(loaded.version)},
        {"FC_INSTANCE_ID", std::string(loaded.instance_id)},
        {"FC_RUNTIME_VERSION", function.settings.runtime},
    };
    all.insert_or_assign("TZ", "UTC");
    for (const auto& [name, value] : function.settings.environment) all.insert_or_assign(name, value);
    for (const auto& [name, value] : ours) all.insert_or_assign(name, value);
    return all;
}

std::string load_document(const Manifest& manifest, const Loaded& loaded) {
    const Service& service = loaded.service;
    const Function& function = loaded.function;
    json::object environment;
    for (const auto& [name, value] : process_environment(manifest, loaded)) environment[name] = value;
    json::object document{
        {"handler", function.settings.handler},
        {"initializer", function.settings.initializer},
        {"preFreeze", function.settings.pre_freeze.handler},
        {"preStop", function.settings.pre_stop.handler},
        {"env", std::move(environment)},
        {"function",
         {{"name", function.name},
          {"handler", function.settings.handler},
          {"memory", function.settings.memory_mib},
          {"timeout", function.settings.timeout_s},
          {"initializer", function.settings.initializer},
          {"initializationTimeout", function.settings.initialization_timeout_s}}},
        {"service",
         {{"name", service.name},
          {"logProject", service.settings.log.project},
          {"logStore", service.settings.log.logstore},
          {"versionId", loaded.version}}},
        {"region", kRegion},
        {"accountId", kAccount},
    };
    if (manifest.function && manifest.function->shared_memory) {
        json::object memory{{"resultsAt", SharedMemory::kEvents.count}, {"size", SharedMemory::kSize.count}};
        if (const auto& from = manifest.function->shared_memory->results_from) memory["resultsFrom"] = from->count;
        document["memory"] = std::move(memory);
    }
    return json::serialize(document);
}

std::string call_context(const CallContext& call) {
    // on the path of every call; nothing in it needs escaping
    std::string text = R"({"requestId":")";
    text.append(call.request_id).append(R"(","qualifier":")").append(call.qualifier);
    text.append(R"(","deadlineMs":)").append(std::to_string(call.deadline_ms));
    text.append(R"(,"credentials":{"accessKeyId":"","accessKeySecret":"","securityToken":""},"retryCount":)");
    return text.append(std::to_string(call.retry_count)).append("}");
}

std::string error_document(std::string_view message, std::string_view type) {
    return json::serialize(json::object{{"errorMessage", message}, {"errorType", type}});
}

}  // namespace hotcell::environment
