#include "engine/api/wire/function_request.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "engine/api/limits.h"
#include "engine/api/wire/json_body.h"
#include "engine/api/wire/query.h"
#include "engine/base/result.h"

namespace hotcell::api {

namespace {

bool is_name_byte(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// A member that clients send and that this engine has no answer to yet, with the value that asks for nothing.
struct Unsupported {
    std::string_view name;
    std::string_view usual;
};
constexpr Unsupported kOfServices[] = {{"vpcConfig", ""},     {"nasConfig", ""},    {"ossMountConfig", ""},
                                       {"tracingConfig", ""}, {"vendorConfig", ""}, {"useSLRAuthentication", "false"}};
constexpr Unsupported kOfLogs[] = {
    {"enableRequestMetrics", "false"}, {"enableInstanceMetrics", "false"}, {"logBeginRule", "\"None\""}};
constexpr Unsupported kOfFunctions[] = {{"cpu", ""},
                                        {"diskSize", "512"},
                                        {"instanceConcurrency", "1"},
                                        {"InstanceConcurrency", "1"},
                                        {"instanceSoftConcurrency", "1"},
                                        {"instanceType", "\"e1\""},
                                        {"gpuMemorySize", ""},
                                        {"layers", ""},
                                        {"caPort", "9000"},
                                        {"customRuntimeConfig", ""},
                                        {"customContainerConfig", ""},
                                        {"customHealthCheckConfig", ""},
                                        {"instanceLifecycleConfig", ""},
                                        {"customDNS", ""}};
constexpr Unsupported kOfCode[] = {{"ossBucketName", ""}, {"ossObjectName", ""}};

template <std::size_t N>
Result<> expect_usual(const JsonFields& fields, const Unsupported (&list)[N]) {
    for (const auto& [name, usual] : list) TRY(fields.expect_usual(name, usual));
    return {};
}

template <class Value>
Result<Value> required(std::string_view name, std::optional<Value> value) {
    if (!value) return fail(ErrorKind::InvalidArgument, std::string(name) + ": is missing");
    return std::move(*value);
}

Result<std::string> required_text(const JsonFields& fields, std::string_view name) {
    auto text = TRY(fields.text(name));
    return required(name, std::move(text));
}

Result<ServiceChange> read_service_change(const JsonFields& fields) {
    TRY(expect_usual(fields, kOfServices));
    ServiceChange change;
    change.description = TRY(fields.text("description"));
    change.role = TRY(fields.text("role"));
    change.internet_access = TRY(fields.boolean("internetAccess"));
    if (const auto log = TRY(fields.object("logConfig"))) {
        TRY(expect_usual(*log, kOfLogs));
        change.log = LogConfig {
            TRY(log->text("project"))
            .value_or(""), TRY(log->text("logstore"))
            .value_or("")
        };
    }
    return change;
}

Result<FunctionChange> read_function_change(const JsonFields& fields, std::optional<std::string> zip) {
    TRY(expect_usual(fields, kOfFunctions));
    FunctionChange change;
    change.description = TRY(fields.text("description"));
    change.runtime = TRY(fields.text("runtime"));
    change.handler = TRY(fields.text("handler"));
    change.initializer = TRY(fields.text("initializer"));
    change.timeout_s = TRY(fields.number("timeout"));
    change.initialization_timeout_s = TRY(fields.number("initializationTimeout"));
    change.memory_mib = TRY(fields.number("memorySize"));
    change.environment = TRY(fields.texts("environmentVariables"));
    if (const auto code = TRY(fields.object("code"))) {
        TRY(expect_usual(*code, kOfCode));
        TRY(code->text("zipFile"));
    }
    change.zip = std::move(zip);
    return change;
}

}  // namespace

Result<> check_name(std::string_view field, std::string_view name, std::size_t most) {
    const bool good = !name.empty() && name.size() <= most && std::ranges::all_of(name, is_name_byte) &&
                      !is_digit(name.front()) && name.front() != '-';
    if (good) return {};
    return fail(ErrorKind::InvalidArgument,
                std::string(field) + ": doesn't match expected format (allowed: '^[_a-zA-Z][-_a-zA-Z0-9]*$', 1.." +
                    std::to_string(most) + " characters, actual: " + quote(name) + ")");
}

Result<QualifiedName> read_qualified_service(std::string_view segment) {
    const auto dot = segment.find('.');
    QualifiedName name;
    name.service = TRY(read_service_name(segment.substr(0, dot)));
    if (dot == std::string_view::npos) return name;
    name.qualifier = segment.substr(dot + 1);
    if (name.qualifier == "LATEST") return name;
    if (!name.qualifier.empty() && name.qualifier.size() <= 20 && std::ranges::all_of(name.qualifier, is_digit))
        return std::unexpected(Error{
            ErrorKind::NotFound, 0, "version '" + name.qualifier + "' of service '" + name.service + "' does not exist",
            "", "VersionNotFound"});
    TRY(check_name("qualifier", name.qualifier, kMaxServiceName));
    return std::unexpected(Error{ErrorKind::NotFound, 0,
                                 "alias '" + name.qualifier + "' of service '" + name.service + "' does not exist", "",
                                 "AliasNotFound"});
}

Result<std::string> read_service_name(std::string_view name) {
    TRY(check_name("serviceName", name, kMaxServiceName));
    return std::string(name);
}

Result<std::string> read_function_name(std::string_view name) {
    TRY(check_name("functionName", name, kMaxFunctionName));
    return std::string(name);
}

Result<Service> read_service(std::string_view body) {
    const auto document = TRY(parse_json_body(body, Bytes{0}));
    const JsonFields fields(document.object);
    Service service;
    service.name = TRY(required_text(fields, "serviceName"));
    TRY(read_service_name(service.name));
    auto change = TRY(read_service_change(fields));
    service.settings.description = std::move(change.description).value_or("");
    service.settings.role = std::move(change.role).value_or("");
    service.settings.log = std::move(change.log).value_or(LogConfig{});
    service.settings.internet_access = change.internet_access.value_or(true);
    return service;
}

Result<ServiceChange> read_service_change(std::string_view body) {
    const auto document = TRY(parse_json_body(body, Bytes{0}));
    return read_service_change(JsonFields(document.object));
}

Result<NewFunction> read_function(std::string service, std::string_view body) {
    auto document = TRY(parse_json_body(body, kMaxPackage));
    const JsonFields fields(document.object);
    NewFunction made;
    Function& function = made.function;
    function.service = std::move(service);
    function.name = TRY(required_text(fields, "functionName"));
    TRY(read_function_name(function.name));
    auto change = TRY(read_function_change(fields, std::move(document.zip)));
    function.settings.description = std::move(change.description).value_or("");
    function.settings.runtime = TRY(required("runtime", std::move(change.runtime)));
    function.settings.handler = TRY(required("handler", std::move(change.handler)));
    function.settings.initializer = std::move(change.initializer).value_or("");
    function.settings.timeout_s = change.timeout_s.value_or(function.settings.timeout_s);
    function.settings.initialization_timeout_s =
        change.initialization_timeout_s.value_or(function.settings.initialization_timeout_s);
    function.settings.memory_mib = change.memory_mib.value_or(function.settings.memory_mib);
    if (change.environment) function.settings.environment = std::move(*change.environment);
    made.zip = TRY(required("code.zipFile", std::move(change.zip)));
    return made;
}

Result<FunctionChange> read_function_change(std::string_view body) {
    auto document = TRY(parse_json_body(body, kMaxPackage));
    return read_function_change(JsonFields(document.object), std::move(document.zip));
}

Result<PageRequest> read_page_request(std::string_view query) {
    PageRequest request;
    for (auto& [name, value] : TRY(parse_query(query))) {
        if (name == "limit")
            request.limit = static_cast<std::uint32_t>(TRY(parse_count(name, value, 1, 100)));
        else if (name == "prefix")
            request.prefix = std::move(value);
        else if (name == "startKey")
            request.start_key = std::move(value);
        else if (name == "nextToken")
            request.next_token = std::move(value);
        else if (name.starts_with("tag_"))
            return fail(ErrorKind::InvalidArgument,
                        "query: filtering by tags is not supported yet: leave " + quote(name) + " out");
    }
    return request;
}

Result<std::uint64_t> read_checksum(std::string_view text) {
    return parse_count("X-Fc-Code-Checksum", text, 0, UINT64_MAX);
}

}  // namespace hotcell::api
