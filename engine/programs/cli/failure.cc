#include "engine/programs/cli/failure.h"

#include <boost/json.hpp>

namespace hotcell::cli {

namespace json = boost::json;

namespace {

int exit_status_of(long http_status) {
    switch (http_status) {
        case 400:
        case 413:
        case 415: return kRefused;
        case 401:
        case 403: return kDenied;
        case 404:
        case 405: return kNotFound;
        case 409:
        case 412: return kConflict;
        case 429:
        case 503: return kThrottled;
        case 504: return kTimedOut;
        default: return kEngineFailed;
    }
}

std::string member(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(json::string_view(name.data(), name.size()));
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

std::string text_of(const Failure& failure, bool as_json) {
    if (as_json) {
        json::object error{{"code", failure.code}, {"message", failure.message}};
        if (!failure.hint.empty()) error["hint"] = failure.hint;
        if (!failure.request_id.empty()) error["requestId"] = failure.request_id;
        return json::serialize(json::object{{"error", std::move(error)}}) + "\n";
    }
    std::string text = "error: " + failure.message + "\n";
    if (!failure.hint.empty()) text += "hint: " + failure.hint + "\n";
    if (!failure.request_id.empty()) text += "request: " + failure.request_id + "\n";
    return text;
}

Failure failure_of_answer(long http_status, const std::string& body) {
    Failure failure{exit_status_of(http_status), "Unknown",
                    "the engine answered with status " + std::to_string(http_status)};
    json::error_code error;
    const auto document = json::parse(body, error);
    if (error || !document.is_object()) return failure;
    const auto& object = document.get_object();
    failure.code = member(object, "Code");
    if (auto message = member(object, "Message"); !message.empty()) failure.message = std::move(message);
    failure.hint = member(object, "Hint");
    failure.request_id = member(object, "RequestId");
    return failure;
}

}  // namespace hotcell::cli
