#include "engine/dispatch/async/http_call.h"

#include <boost/json.hpp>
#include <exception>

#include "engine/base/result.h"

namespace hotcell::dispatch::async {

namespace json = boost::json;

namespace {

using Fields = std::map<std::string, std::vector<std::string>>;

struct Text {
    const char* name;
    std::string HttpCall::*member;
};
constexpr Text kTexts[] = {{"method", &HttpCall::method},          {"path", &HttpCall::path},
                           {"requestURI", &HttpCall::request_uri}, {"host", &HttpCall::host},
                           {"basePath", &HttpCall::base_path},     {"clientIP", &HttpCall::client_ip}};

Fields fields_of(const json::value& value) {
    Fields fields;
    for (const auto& [name, values] : value.as_object())
        for (const json::value& one : values.as_array())
            fields[std::string(name)].emplace_back(one.as_string().data(), one.as_string().size());
    return fields;
}

}  // namespace

std::string encode_http(const HttpCall& call) {
    json::object document{{"queries", json::value_from(call.queries)}, {"headers", json::value_from(call.headers)}};
    for (const auto& [name, member] : kTexts) document[name] = call.*member;
    return json::serialize(document);
}

Result<HttpCall> decode_http(std::string_view text) {
    json::parse_options options;
    options.allow_invalid_utf8 = true;
    try {
        const json::value document = json::parse(text, {}, options);
        HttpCall call;
        for (const auto& [name, member] : kTexts) {
            const json::string& value = document.at(name).as_string();
            (call.*member).assign(value.data(), value.size());
        }
        call.queries = fields_of(document.at("queries"));
        call.headers = fields_of(document.at("headers"));
        return call;
    } catch (const std::exception& wrong) {
        return fail(ErrorKind::InvalidArgument, std::string("the queue's HTTP request: ") + wrong.what());
    }
}

}  // namespace hotcell::dispatch::async
