#include "engine/api/server/request_of.h"

#include <algorithm>
#include <ctime>

#include "engine/api/signing/string_to_sign.h"

namespace hotcell::api {

namespace beast = boost::beast;
namespace http = beast::http;

namespace {

std::string_view view_of(beast::string_view text) { return {text.data(), text.size()}; }

std::string in_lower_case(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return lower;
}

struct Target {
    std::string_view path;
    std::string_view query;
};
Target target_of(const ParsedHead& head) {
    const auto target = view_of(head.target());
    const auto question = std::min(target.find('?'), target.size());
    return {target.substr(0, question), target.substr(std::min(question + 1, target.size()))};
}

/// What the client calls the server. Function Compute's client for Node leaves the port out.
std::string name_of_server(std::string_view host, const Peer& peer) {
    if (peer.access != nullptr)
        for (const auto& name : peer.access->hosts)
            if (name.size() > host.size() && name.starts_with(host) && name.find(':', host.size()) == host.size() &&
                name.rfind(':') == host.size())
                return name;
    return std::string(host);
}

/// Keeps the headers that some route reads; `all` where a function does. Host stands there already.
void keep_header(std::string_view name, std::string_view value, bool all, Request& request) {
    constexpr std::string_view kPrefix = "x-fc-";
    const bool read = all ? !beast::iequals(name, "host")
                          : beast::iequals(name.substr(0, kPrefix.size()), kPrefix) || beast::iequals(name, "if-match");
    if (read) request.headers.emplace_back(in_lower_case(name), value);
}

}  // namespace

std::expected<Caller, Refusal> caller_of(const ParsedHead& head, const Peer& peer) {
    if (peer.access == nullptr) return Caller();
    const Target target = target_of(head);
    signing::Head shown{view_of(head.method_string()), target.path, target.query, {}};
    for (const auto& field : head)
        shown.headers.emplace_back(in_lower_case(view_of(field.name_string())), view_of(field.value()));
    return judge_access(*peer.access, shown, std::time(nullptr));
}

Request request_of(const ParsedHead& head, const Peer& peer) {
    const Target target = target_of(head);
    Request request;
    request.path = target.path;
    request.query = target.query;
    const bool proxied = signing::is_proxy_path(request.path);
    const bool as_get = head.method() == http::verb::head && !proxied;
    request.method = as_get ? "GET" : std::string(view_of(head.method_string()));
    request.client_ip = peer.address;
    request.content_type = view_of(head[http::field::content_type]);
    for (const auto& field : head) keep_header(view_of(field.name_string()), view_of(field.value()), proxied, request);
    if (head.version() < 11)  // has no Upgrade (RFC 9110, 7.8)
        std::erase_if(request.headers, [](const auto& header) { return header.first == "upgrade"; });
    request.headers.emplace_back("host", name_of_server(view_of(head[http::field::host]), peer));
    return request;
}

}  // namespace hotcell::api
