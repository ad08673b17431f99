#include "engine/api/routes/proxy_headers.h"

#include <algorithm>
#include <array>

#include "engine/api/routes/call_headers.h"
#include "engine/api/wire/query.h"
#include "engine/api/wire/request_head.h"
#include "engine/base/result.h"

namespace hotcell::api {

namespace {

constexpr std::string_view kPlatform = "x-fc-";
constexpr std::array<std::string_view, 7> kOfTheConnection = {
    "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "expect", "content-length"};
constexpr std::array<std::string_view, 10> kNotTheFunctions = {
    "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "te", "trailer", "content-length",
    "date",       "server"};

template <std::size_t N>
bool is_one_of(std::string_view name, const std::array<std::string_view, N>& names) {
    return name.starts_with(kPlatform) || std::ranges::find(names, name) != names.end();
}

/// "x-two" → "X-Two", as readers who compare by the letter expect it.
std::string canonical(std::string_view name) {
    std::string text(name);
    bool first = true;
    for (char& c : text) {
        if (first && c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
        first = c == '-';
    }
    return text;
}

/// Of a form's field: '+' is a space; an escape that is none stays what it is.
std::string form_decoded(std::string_view text) {
    std::string spaced(text);
    std::ranges::replace(spaced, '+', ' ');
    return percent_decode(spaced).value_or(spaced);
}

std::map<std::string, std::vector<std::string>> queries_of(std::string_view query) {
    std::map<std::string, std::vector<std::string>> queries;
    while (!query.empty()) {
        const auto end = std::min(query.find('&'), query.size());
        const auto field = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        if (field.empty()) continue;
        const auto equals = std::min(field.find('='), field.size());
        queries[form_decoded(field.substr(0, equals))].push_back(
            form_decoded(field.substr(std::min(equals + 1, field.size()))));
    }
    return queries;
}

void add_cors(std::string_view origin, HeaderLines& headers) {
    headers.add("Access-Control-Allow-Origin", origin);
    headers.add("Access-Control-Allow-Credentials", "true");
}

/// Status and headers as the function gave them; cross-origin requests as the platform allows them.
void pass_answer(HttpAnswer& answer, std::string_view origin, Response& response) {
    response.status = answer.status;
    response.content_type = "application/octet-stream";
    for (auto& [name, values] : answer.headers) {
        if (is_one_of(name, kNotTheFunctions)) continue;
        for (std::string& value : values) {
            std::ranges::replace(value, '\t', ' ');
            if (name == "content-type")
                response.content_type = value;
            else
                response.headers.add(canonical(name), value);
        }
    }
    if (!answer.headers.contains("access-control-expose-headers")) add_exposed(response.headers);
    if (!origin.empty() && !answer.headers.contains("access-control-allow-origin")) add_cors(origin, response.headers);
}

}  // namespace

Result<> check_limits(const Request& request) {
    const std::size_t target = request.path.size() + request.query.size();
    if (target > kMostHttpTarget)
        return fail(ErrorKind::InvalidArgument,
                    "path and query are set to an invalid value (allowed: " + std::to_string(kMostHttpTarget) +
                        " bytes, actual: " + std::to_string(target) + ")");
    std::size_t headers = 0;
    for (const auto& [name, value] : request.headers) headers += name.size() + value.size();
    if (headers > kMostHttpHeaders)
        return fail(ErrorKind::InvalidArgument,
                    "headers are set to an invalid value (allowed: " + std::to_string(kMostHttpHeaders) +
                        " bytes, actual: " + std::to_string(headers) + ")");
    return {};
}

HttpCall http_call_of(const Request& request, std::string base, std::string path) {
    HttpCall call;
    call.method = request.method;
    call.path = std::move(path);
    call.request_uri = request.query.empty() ? request.path : request.path + "?" + request.query;
    call.base_path = std::move(base);
    call.host = request.header("host");
    call.client_ip = request.client_ip;
    call.queries = queries_of(request.query);
    call.upgrade = upgrade_of(request);
    bool has_body = !request.body.empty();
    for (const auto& [name, value] : request.headers) {
        has_body = has_body || name == "content-length";
        if (is_one_of(name, kOfTheConnection) || (name == "authorization" && request.caller.by_authorization)) continue;
        call.headers[name].push_back(value);
    }
    if (has_body) call.headers["content-length"] = {std::to_string(request.body.size())};  // it has come as a whole
    return call;
}

std::string_view upgrade_of(const Request& request) {
    const auto protocol = request.header("upgrade");
    const bool asked = std::ranges::any_of(request.headers, [](const auto& field) {
        return field.first == "connection" && has_upgrade_option(field.second);
    });
    return asked && is_other_protocol(protocol) ? protocol : std::string_view();
}

Response response_of(InvokeReport& report, bool log_tail, std::string_view origin) {
    Response response;
    response.body = std::move(report.payload);
    add_report_headers(report, log_tail, response.headers);
    if (!report.http) {
        response.status = 502;
        add_exposed(response.headers);
        if (!origin.empty()) add_cors(origin, response.headers);
        return response;
    }
    pass_answer(*report.http, origin, response);
    if (response.status == 204 || response.status == 304) response.body.clear();
    return response;
}

Response head_of(InvokeReport& so_far, std::string_view origin) {
    Response response;
    add_known_headers(so_far, response.headers);
    pass_answer(*so_far.http, origin, response);
    if (const auto found = so_far.http->headers.find("upgrade"); found != so_far.http->headers.end())
        response.headers.add("Upgrade", found->second.front());
    return response;
}

bool is_preflight(const Request& request, const HttpTrigger& trigger) {
    return request.method == "OPTIONS" && !request.header("origin").empty() &&
           !request.header("access-control-request-method").empty() &&
           std::ranges::find(trigger.methods, "OPTIONS") == trigger.methods.end();
}

Response answer_preflight(const Request& request, const HttpTrigger& trigger) {
    Response response{.status = 204};
    add_cors(request.header("origin"), response.headers);
    std::string methods;
    for (const std::string& method : trigger.methods) methods += (methods.empty() ? "" : ", ") + method;
    response.headers.add("Access-Control-Allow-Methods", methods);
    if (const auto names = request.header("access-control-request-headers"); !names.empty())
        response.headers.add("Access-Control-Allow-Headers", names);
    response.headers.add("Access-Control-Max-Age", "3600");
    return response;
}

Response refusal(Response response) {
    response.headers.add("X-Fc-Error-Type", "FcCommonError");
    return response;
}

}  // namespace hotcell::api
