#include "engine/api/wire/names.h"

#include <algorithm>

#include "engine/api/limits.h"
#include "engine/api/wire/query.h"
#include "engine/base/result.h"

namespace hotcell::api {

namespace {

bool is_name_byte(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Result<> check_name(std::string_view field, std::string_view name, std::size_t most) {
    const bool good = !name.empty() && name.size() <= most && std::ranges::all_of(name, is_name_byte) &&
                      !is_digit(name.front()) && name.front() != '-';
    if (good) return {};
    return fail(ErrorKind::InvalidArgument,
                std::string(field) + ": doesn't match expected format (allowed: '^[_a-zA-Z][-_a-zA-Z0-9]*$', 1.." +
                    std::to_string(most) + " characters, actual: " + quote(name) + ")");
}

Result<std::string> read_service_name(std::string_view name) {
    TRY(check_name("serviceName", name, kMaxServiceName));
    return std::string(name);
}

Result<std::string> read_function_name(std::string_view name) {
    TRY(check_name("functionName", name, kMaxFunctionName));
    return std::string(name);
}

Result<> check_qualifier(std::string_view qualifier) {
    if (qualifier.empty()) return {};
    if (qualifier.size() <= 20 && std::ranges::all_of(qualifier, is_digit)) return {};
    return check_name("qualifier", qualifier, kMaxServiceName);
}

Result<QualifiedName> read_qualified_service(std::string_view segment) {
    const auto dot = segment.find('.');
    QualifiedName name {
        TRY(read_service_name(segment.substr(0, dot)))
        , ""
    };
    if (dot == std::string_view::npos) return name;
    name.qualifier = segment.substr(dot + 1);
    if (name.qualifier.empty()) return fail(ErrorKind::InvalidArgument, "qualifier: is empty after the service's '.'");
    TRY(check_qualifier(name.qualifier));
    return name;
}

Result<std::string> read_service_arn(std::string_view arn) {
    constexpr std::string_view kPrefix = "services/";
    auto rest = arn;
    if (rest.starts_with("acs:fc:"))
        for (int parts = 0; parts < 4; ++parts) rest.remove_prefix(std::min(rest.find(':'), rest.size() - 1) + 1);
    if (!rest.starts_with(kPrefix))
        return fail(
            ErrorKind::InvalidArgument,
            "resourceArn: must be a service's, services/NAME or acs:fc:REGION:ACCOUNT:services/NAME, not " + quote(arn),
            "only services have tags");
    return read_service_name(rest.substr(kPrefix.size()));
}

std::string arn_of_service(std::string_view service) {
    std::string arn = "acs:fc:";
    return arn.append(kRegionName).append(":").append(kAccountId).append(":services/").append(service);
}

std::string arn_of(const FunctionReference& function) {
    return arn_of_service(function.service) + (function.qualifier.empty() ? "" : "." + function.qualifier) +
           "/functions/" + function.function;
}

}  // namespace hotcell::api
