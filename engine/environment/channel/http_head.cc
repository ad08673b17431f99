#include "engine/environment/channel/http_head.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cstring>

#include "engine/base/utf8.h"
#include "engine/protocol/channel.h"

namespace hotcell::environment {

namespace json = boost::json;

namespace {

std::unexpected<Error> refuse(std::string what) {
    return std::unexpected(Error{ErrorKind::Broken, 0, "HTTP response: " + std::move(what), {}, "BadResponse"});
}

std::string as_text(std::string_view bytes) {
    if (is_utf8(bytes)) return std::string(bytes);
    std::string text;
    for (const unsigned char byte : bytes) {
        if (byte < 0x80) {
            text += static_cast<char>(byte);
            continue;
        }
        text += static_cast<char>(0xc0 | byte >> 6);
        text += static_cast<char>(0x80 | (byte & 0x3f));
    }
    return text;
}

json::object object_of(const std::map<std::string, std::vector<std::string>>& fields) {
    json::object object;
    for (const auto& [name, values] : fields) {
        json::array list;
        for (const std::string& value : values) list.emplace_back(as_text(value));
        object[as_text(name)] = std::move(list);
    }
    return object;
}

constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";  // that a token may have beside letters and digits

bool is_token(std::string_view name) {
    return !name.empty() && std::ranges::all_of(name, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || kMarks.find(c) != std::string_view::npos;
    });
}

bool is_value(std::string_view value) {
    return std::ranges::all_of(value,
                               [](unsigned char byte) { return byte == '\t' || (byte >= 0x20 && byte != 0x7f); });
}

/// A name as part of a message.
std::string shown(std::string_view name) {
    std::string text;
    for (const unsigned char byte : name.substr(0, 40))
        text += byte < 0x20 || byte >= 0x7f ? '?' : static_cast<char>(byte);
    return "'" + text + "'";
}

Result<> take_headers(const json::object& object, HttpHeaders& headers) {
    std::size_t bytes = 0;
    for (const auto& entry : object) {
        std::string name(entry.key().data(), entry.key().size());
        for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        if (!is_token(name)) return refuse("the header name " + shown(name) + " is not a token");
        if (!entry.value().is_array()) return refuse("header " + name + ": not a list of strings");
        for (const json::value& one : entry.value().get_array()) {
            if (!one.is_string()) return refuse("header " + name + ": not a list of strings");
            const std::string_view value(one.get_string().data(), one.get_string().size());
            if (!is_value(value)) return refuse("header " + name + ": the value has a control character");
            bytes += name.size() + value.size();
            if (bytes > kMostHttpHeaders)
                return refuse("headers exceed the maximum allowed size (" + std::to_string(kMostHttpHeaders) +
                              " bytes)");
            headers[name].emplace_back(value);
        }
    }
    return {};
}

Result<HttpAnswer> read_document(std::string_view text) {
    json::parse_options options;
    options.max_depth = 3;
    json::error_code error;
    const json::value document = json::parse(json::string_view(text.data(), text.size()), error, {}, options);
    if (error || !document.is_object()) return refuse("its head is not a JSON object");
    const json::value* status = document.get_object().if_contains("status");
    const json::value* headers = document.get_object().if_contains("headers");
    if (status == nullptr || headers == nullptr || !headers->is_object())
        return refuse("its head has no status or headers");
    HttpAnswer answer;
    answer.status = status->to_number<unsigned>(error);
    if (error || answer.status < 200 || answer.status > 599) return refuse("the status is not in 200..599");
    TRY(take_headers(headers->get_object(), answer.headers));
    return answer;
}

}  // namespace

std::string encode_http(const HttpCall& call) {
    return R"(,"http":)" + json::serialize(json::object{
                               {"method", call.method},
                               {"path", as_text(call.path)},
                               {"requestURI", as_text(call.request_uri)},
                               {"basePath", as_text(call.base_path)},
                               {"host", as_text(call.host)},
                               {"clientIP", call.client_ip},
                               {"queries", object_of(call.queries)},
                               {"headers", object_of(call.headers)},
                           });
}

Result<HttpAnswer> take_http_head(std::string& payload) {
    hc_http_head head{};
    if (payload.size() < sizeof head) return refuse("it has no head");
    std::memcpy(&head, payload.data(), sizeof head);
    if (head.head_bytes > payload.size() - sizeof head) return refuse("its head is cut short");
    if (head.head_bytes > kMostHttpDocument)
        return refuse("headers exceed the maximum allowed size (" + std::to_string(kMostHttpHeaders) + " bytes)");
    auto answer = read_document(std::string_view(payload).substr(sizeof head, head.head_bytes));
    payload.erase(0, sizeof head + head.head_bytes);
    return answer;
}

}  // namespace hotcell::environment
