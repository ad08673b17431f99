#include "engine/environment/http/server_request.h"

#include <algorithm>
#include <array>

#include "hotcell/invocation.h"

namespace hotcell::environment {

namespace {

/// Of the client's request, what is between it and the engine, or what the engine writes itself (FC's list).
constexpr std::array<std::string_view, 7> kNotForwarded = {"connection",        "keep-alive", "content-length", "host",
                                                           "transfer-encoding", "expect",     "upgrade"};

struct Route {
    std::string_view method;
    std::string_view path;  // of the request and, as X-Fc-Control-Path, of its meaning
};

Route route_of(std::uint32_t kind) {
    switch (kind) {
        case HC_CALL_INITIALIZER: return {"POST", "/initialize"};
        case HC_CALL_PRE_FREEZE: return {"GET", "/pre-freeze"};
        case HC_CALL_PRE_STOP: return {"GET", "/pre-stop"};
        case HC_CALL_HTTP: return {"", "/http-invoke"};
        default: return {"POST", "/invoke"};
    }
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

/// The target of a request line: nothing in it may end the line.
void append_target(std::string& text, std::string_view target) {
    constexpr char kDigits[] = "0123456789ABCDEF";
    if (target.empty() || target[0] != '/') text += '/';
    for (const char c : target) {
        if (!is_control(c) && c != ' ') {
            text += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        text.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
    }
}

bool is_forwarded(std::string_view name) {
    return !name.starts_with("x-fc-") && std::ranges::find(kNotForwarded, name) == kNotForwarded.end();
}

void append_call_headers(std::string& text, const CallInput& input, std::string_view control_path) {
    append_header(text, "X-Fc-Control-Path", control_path);
    append_header(text, "X-Fc-Request-Id", input.request_id);
    append_header(text, "X-Fc-Qualifier", input.qualifier);
    append_header(text, "X-Fc-Retry-Count", std::to_string(input.retry_count));
}

void append_client_headers(std::string& text, const HttpCall& call) {
    append_header(text, "X-Fc-Client-Ip", call.client_ip);
    append_header(text, "X-Fc-Base-Path", call.base_path);
    for (const auto& [name, values] : call.headers)
        if (is_forwarded(name))
            for (const std::string& value : values) append_header(text, canonical_name(name), value);
}

}  // namespace

std::string common_headers(const Loaded& loaded) {
    const FunctionSettings& function = loaded.function.settings;
    const ServiceSettings& service = loaded.service.settings;
    const std::pair<std::string_view, std::string> kHeaders[] = {
        {"X-Fc-Access-Key-Id", ""},
        {"X-Fc-Access-Key-Secret", ""},
        {"X-Fc-Security-Token", ""},
        {"X-Fc-Function-Name", loaded.function.name},
        {"X-Fc-Function-Handler", function.handler},
        {"X-Fc-Function-Memory", std::to_string(function.memory_mib)},
        {"X-Fc-Function-Timeout", std::to_string(function.timeout_s)},
        {"X-Fc-Function-Initializer", function.initializer},
        {"X-Fc-Initialization-Timeout", std::to_string(function.initialization_timeout_s)},
        {"X-Fc-Instance-Lifecycle-Pre-Stop-Handler", function.pre_stop.handler},
        {"X-Fc-Instance-Lifecycle-Pre-Freeze-Handler", function.pre_freeze.handler},
        {"X-Fc-Region", std::string(kRegion)},
        {"X-Fc-Account-Id", std::string(kAccount)},
        {"X-Fc-Version-Id", std::string(loaded.version)},
        {"X-Fc-Service-Name", loaded.service.name},
        {"X-Fc-Service-Logproject", service.log.project},
        {"X-Fc-Service-Logstore", service.log.logstore},
    };
    std::string lines;
    for (const auto& [name, value] : kHeaders) append_header(lines, name, value);
    return lines;
}

void append_header(std::string& lines, std::string_view name, std::string_view value) {
    lines.append(name).append(": ");
    for (const char c : value) lines += is_control(c) && c != '\t' ? ' ' : c;
    lines.append("\r\n");
}

std::string canonical_name(std::string_view name) {
    std::string text;
    bool begins = true;
    for (const char c : name) {
        text += begins && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        begins = c == '-';
    }
    return text;
}

std::string_view method_of(const CallInput& input) {
    return input.http != nullptr ? std::string_view(input.http->method) : route_of(input.kind).method;
}

bool asks_to_go_over(const CallInput& input) {
    return input.stream && input.http != nullptr && !input.http->upgrade.empty();
}

bool is_idempotent(std::string_view method) {
    return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "TRACE";
}

std::string server_request(const RequestHead& head, const CallInput& input) {
    const Route route = route_of(input.kind);
    const std::string_view method = method_of(input);
    std::string text;
    text.reserve(1024 + head.common.size() + input.event.size());
    text.append(method).append(" ");
    append_target(text, input.http != nullptr ? std::string_view(input.http->request_uri) : route.path);
    text.append(" HTTP/1.1\r\n");
    append_header(text, "Host", input.http != nullptr && !input.http->host.empty() ? input.http->host : head.host);
    if (input.kind == HC_CALL_HANDLER) append_header(text, "Content-Type", "application/octet-stream");
    if (!input.event.empty() || !is_idempotent(method))
        append_header(text, "Content-Length", std::to_string(input.event.size()));
    append_call_headers(text, input, route.path);
    text.append(head.common);
    if (input.http != nullptr) append_client_headers(text, *input.http);
    if (asks_to_go_over(input)) {
        append_header(text, "Connection", "Upgrade");
        append_header(text, "Upgrade", input.http->upgrade);
    }
    return text.append("\r\n").append(input.event);
}

std::string health_request(const RequestHead& head, std::string_view path) {
    std::string text = "GET ";
    append_target(text, path);
    text.append(" HTTP/1.1\r\n");
    append_header(text, "Host", head.host);
    return text.append("\r\n");
}

}  // namespace hotcell::environment
