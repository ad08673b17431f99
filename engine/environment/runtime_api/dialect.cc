#include "engine/environment/runtime_api/dialect.h"

#include <openssl/evp.h>

#include <algorithm>
#include <boost/json.hpp>

#include "engine/environment/http/server_request.h"

namespace hotcell::environment {

namespace json = boost::json;

namespace {

/// x-fc-function-type.
const char* type_number(std::uint32_t kind) {
    switch (kind) {
        case HC_CALL_INITIALIZER: return "1";
        case HC_CALL_PRE_STOP: return "2";
        case HC_CALL_PRE_FREEZE: return "3";
        default: return "0";
    }
}

const std::string& handler_of(const ApiIdentity& identity, std::uint32_t kind) {
    switch (kind) {
        case HC_CALL_INITIALIZER: return identity.initializer;
        case HC_CALL_PRE_STOP: return identity.pre_stop;
        case HC_CALL_PRE_FREEZE: return identity.pre_freeze;
        default: return identity.handler;
    }
}

std::string fc_headers(const ApiIdentity& identity, const ApiCall& call) {
    std::string lines = identity.fc_headers;
    append_header(lines, "Content-Type", "application/octet-stream");
    append_header(lines, "X-Fc-Request-Id", call.request_id);
    append_header(lines, "X-Fc-Function-Handler", handler_of(identity, call.kind));
    append_header(lines, "X-Fc-Function-Type", type_number(call.kind));
    append_header(lines, "X-Fc-Function-Timeout", std::to_string(call.timeout_s));
    append_header(lines, "X-Fc-Function-Deadline", std::to_string(call.deadline_ms));
    append_header(lines, "X-Fc-Qualifier", call.qualifier);
    append_header(lines, "X-Fc-Retry-Count", std::to_string(call.retry_count));
    if (!call.http_params.empty()) append_header(lines, "X-Fc-Http-Params", call.http_params);
    return lines;
}

std::string lambda_headers(const ApiIdentity& identity, const ApiCall& call) {
    std::string lines;
    append_header(lines, "Content-Type", "application/json");
    append_header(lines, "Lambda-Runtime-Aws-Request-Id", call.request_id);
    append_header(lines, "Lambda-Runtime-Deadline-Ms", std::to_string(call.deadline_ms));
    append_header(lines, "Lambda-Runtime-Invoked-Function-Arn", identity.function_arn);
    return lines;
}

json::object lists_of(const std::map<std::string, std::vector<std::string>>& map, bool canonical) {
    json::object object;
    for (const auto& [name, values] : map)
        object[canonical ? canonical_name(name) : name] = json::array(values.begin(), values.end());
    return object;
}

std::string encode_base64(std::string_view bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
    const int length =
        ::EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                          reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(length));
    return text;
}

/// nullopt: it is not base64.
std::optional<std::string> decode_base64(std::string_view text) {
    if (text.empty() || text.size() % 4 != 0) return std::nullopt;
    std::string bytes(text.size() / 4 * 3, '\0');
    const int length =
        ::EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                          reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    if (length < 0) return std::nullopt;
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
    bytes.resize(static_cast<std::size_t>(length) - padding);
    return bytes;
}

bool is_name(std::string_view name) {
    constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";  // a token of RFC 9110
    return !name.empty() && std::ranges::all_of(name, [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               kMarks.find(c) != std::string_view::npos;
    });
}

bool is_value(std::string_view value) {
    return std::ranges::none_of(
        value, [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; });
}

/// False: it would be another header, or none, on a client's connection.
bool add_values(HttpHeaders& headers, std::string name, const json::value& value) {
    if (!is_name(name)) return false;
    for (char& c : name)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const auto add = [&](const json::value& one) {
        if (!one.is_string() || !is_value(std::string_view(one.get_string()))) return false;
        headers[name].emplace_back(one.get_string());
        return true;
    };
    if (!value.is_array()) return add(value);
    return std::ranges::all_of(value.get_array(), add);
}

}  // namespace

const Dialect kFunctionCompute{"/2020-11-11/runtime/", 200, "", true, fc_headers};
const Dialect kLambda{"/2018-06-01/runtime/", 202, "lambda-runtime-function-error-type", false, lambda_headers};

const Dialect* dialect_of(std::string_view target) {
    for (const Dialect* one : {&kFunctionCompute, &kLambda})
        if (target.starts_with(one->base)) return one;
    return nullptr;
}

ApiIdentity api_identity(const Loaded& loaded) {
    const FunctionSettings& function = loaded.function.settings;
    const ServiceSettings& service = loaded.service.settings;
    ApiIdentity identity;
    identity.handler = function.handler;
    identity.initializer = function.initializer;
    identity.pre_freeze = function.pre_freeze.handler;
    identity.pre_stop = function.pre_stop.handler;
    const std::pair<std::string_view, std::string> kHeaders[] = {
        {"X-Fc-Access-Key-Id", ""},
        {"X-Fc-Access-Key-Secret", ""},
        {"X-Fc-Security-Token", ""},
        {"X-Fc-Function-Name", loaded.function.name},
        {"X-Fc-Function-Memory", std::to_string(function.memory_mib)},
        {"X-Fc-Service-Name", loaded.service.name},
        {"X-Fc-Service-Logproject", service.log.project},
        {"X-Fc-Service-Logstore", service.log.logstore},
        {"X-Fc-Version-Id", std::string(loaded.version)},
        {"X-Fc-Region", std::string(kRegion)},
        {"X-Fc-Account-Id", std::string(kAccount)},
        {"X-Fc-Instance-Id", std::string(loaded.instance_id)},
    };
    for (const auto& [name, value] : kHeaders) append_header(identity.fc_headers, name, value);
    identity.function_arn = "acs:fc:" + std::string(kRegion) + ":" + std::string(kAccount) + ":services/" +
                            loaded.service.name + "." + std::string(loaded.version) + "/functions/" +
                            loaded.function.name;
    return identity;
}

void add_api_variables(std::map<std::string, std::string>& variables, const Loaded& loaded) {
    const std::string address = "127.0.0.1:" + std::to_string(kRuntimeApiPort);
    const FunctionSettings& function = loaded.function.settings;
    const std::pair<const char*, std::string> kOurs[] = {
        {"FC_RUNTIME_API", address},
        {"AWS_LAMBDA_RUNTIME_API", address},
        {"_HANDLER", function.handler},
        {"LAMBDA_TASK_ROOT", "/var/task"},
        {"LAMBDA_RUNTIME_DIR", "/var/runtime"},
        {"AWS_REGION", std::string(kRegion)},
        {"AWS_DEFAULT_REGION", std::string(kRegion)},
        {"AWS_EXECUTION_ENV", "AWS_Lambda_" + function.runtime},
        {"AWS_LAMBDA_FUNCTION_NAME", loaded.function.name},
        {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", std::to_string(function.memory_mib)},
        {"AWS_LAMBDA_FUNCTION_VERSION", loaded.version == kLatest ? "$LATEST" : std::string(loaded.version)},
        {"AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"},
        {"AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/" + loaded.function.name},
        {"AWS_LAMBDA_LOG_STREAM_NAME", std::string(loaded.instance_id)},
    };
    for (const auto& [name, value] : kOurs) variables.insert_or_assign(name, value);
    const auto time_zone = function.environment.find("TZ");
    variables["TZ"] = time_zone == function.environment.end() ? ":UTC" : time_zone->second;
    if (function.concurrency > 1) {
        variables["FC_ENABLE_CONCURRENT_INVOKE"] = "true";
        variables["FC_CONCURRENT_LIMIT"] = std::to_string(function.concurrency);
        variables["AWS_LAMBDA_MAX_CONCURRENCY"] = std::to_string(function.concurrency);
    }
}

std::string http_params_of(const HttpCall& call) {
    return encode_base64(json::serialize(json::object{{"path", call.path},
                                                      {"method", call.method},
                                                      {"requestURI", call.request_uri},
                                                      {"clientIP", call.client_ip},
                                                      {"host", call.host},
                                                      {"queriesMap", lists_of(call.queries, false)},
                                                      {"headersMap", lists_of(call.headers, true)}}));
}

std::optional<HttpAnswer> http_answer_of(std::string_view params) {
    const auto text = decode_base64(params);
    if (!text) return std::nullopt;
    json::parse_options options;
    options.max_depth = 8;
    boost::system::error_code error;
    const json::value parsed = json::parse(json::string_view(*text), error, {}, options);
    if (error || !parsed.is_object()) return std::nullopt;
    HttpAnswer answer;
    if (const json::value* status = parsed.get_object().if_contains("status"); status != nullptr) {
        if (!status->is_int64() || status->get_int64() < 200 || status->get_int64() > 999) return std::nullopt;
        answer.status = static_cast<unsigned>(status->get_int64());
    }
    for (const char* key : {"headersMap", "headers"})  // older Java says "headers"
        if (const json::value* headers = parsed.get_object().if_contains(key);
            headers != nullptr && headers->is_object())
            for (const auto& [name, value] : headers->get_object())
                if (!add_values(answer.headers, std::string(name), value)) return std::nullopt;
    return answer;
}

}  // namespace hotcell::environment
