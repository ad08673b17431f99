#include "engine/catalog/rules/destination.h"

#include <algorithm>

#include "engine/catalog/rules/rules.h"

namespace hotcell::catalog {

namespace {

constexpr std::string_view kAllowed = "acs:fc:{region}:{account}:services/{service}[.qualifier]/functions/{function}";

std::unexpected<Error> refuse_arn(std::string_view arn, std::string hint = {}) {
    auto refused = refuse_value("Destination", kAllowed, arn);
    refused.error().hint = std::move(hint);
    return refused;
}

/// The part before `separator`; what is left stands after it.
std::string_view cut(std::string_view& rest, char separator) {
    const auto place = std::min(rest.find(separator), rest.size());
    const std::string_view part = rest.substr(0, place);
    rest.remove_prefix(std::min(place + 1, rest.size()));
    return part;
}

}  // namespace

Result<FunctionReference> parse_destination(std::string_view arn) {
    std::string_view rest = arn;
    if (cut(rest, ':') != "acs") return refuse_arn(arn);
    const std::string_view product = cut(rest, ':');
    if (product == "mns" || product == "mq" || product == "eventbridge")
        return refuse_arn(arn, "this engine delivers to functions; '" + std::string(product) + "' is not available");
    cut(rest, ':');
    cut(rest, ':');
    if (product != "fc" || cut(rest, '/') != "services") return refuse_arn(arn);
    std::string_view service = cut(rest, '/');
    if (cut(rest, '/') != "functions") return refuse_arn(arn);
    FunctionReference of;
    of.service = cut(service, '.');
    of.qualifier = service;
    of.function = rest;
    if (!check_service_name(of.service) || !check_function_name(of.function)) return refuse_arn(arn);
    if (of.qualifier.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") !=
            std::string::npos ||
        of.qualifier.size() > 128)
        return refuse_arn(arn);
    return of;
}

std::string arn_of(const FunctionReference& of) {
    return "acs:fc:local:0:services/" + of.service + "." + (of.qualifier.empty() ? "LATEST" : of.qualifier) +
           "/functions/" + of.function;
}

}  // namespace hotcell::catalog
