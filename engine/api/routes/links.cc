#include "engine/api/routes/links.h"

#include <ctime>

namespace hotcell::api {

namespace {

constexpr std::int64_t kGoodFor = 600;  // seconds

std::string link(const Services& services, const Request& request, const std::string& path) {
    const std::string address = address_of(request) + path;
    if (services.link_key == nullptr) return address;
    return address + signing::query_signature(*services.link_key, path, std::time(nullptr) + kGoodFor);
}

}  // namespace

std::string function_link(const Services& services, const Request& request, const FunctionReference& of) {
    const std::string qualifier(of.qualifier.empty() ? kLatest : of.qualifier);
    return link(services, request,
                "/v1/packages/services/" + of.service + "." + qualifier + "/functions/" + of.function);
}

std::string layer_link(const Services& services, const Request& request, const Layer& layer) {
    return link(services, request, "/v1/packages/layers/" + layer.name + "/versions/" + std::to_string(layer.version));
}

}  // namespace hotcell::api
