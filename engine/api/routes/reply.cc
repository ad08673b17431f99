#include "engine/api/routes/reply.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "engine/api/wire/json.h"

namespace hotcell::api {

namespace {

/// Codes whose status is not the one of their kind.
constexpr std::pair<std::string_view, unsigned> kStatuses[] = {{"PreconditionFailed", 412},
                                                               {"EntityTooLarge", 400},
                                                               {"LimitExceededError", 400},
                                                               {"AccessDenied", 403},
                                                               {"CAExited", 412},
                                                               {"CAFileNotFound", 412},
                                                               {"CAFilePermission", 412},
                                                               {"FunctionNotStarted", 412},
                                                               {"AsyncInvocationStopped", 412},
                                                               {"BadResponse", 502},
                                                               {"InternalServerError", 500},
                                                               {"ClientClosedRequest", 499}};

unsigned status_of(const Error& error) {
    for (const auto& [code, status] : kStatuses)
        if (error.code == code) return status;
    if (error.sys == ENOSPC) return 507;  // trying again at once does not help
    switch (error.kind) {
        case ErrorKind::InvalidArgument: return 400;
        case ErrorKind::NotFound: return 404;
        case ErrorKind::Conflict: return 409;
        case ErrorKind::Exhausted: return 429;
        case ErrorKind::TimedOut: return 504;
        case ErrorKind::Kernel:
        case ErrorKind::Broken: return 500;
    }
    return 500;
}

Response respond_with(const Error& error, std::string_view code, std::string_view request_id) {
    Error without_hint = error;
    without_hint.hint.clear();
    const unsigned status = status_of(error);
    auto response = error_response(status, code, without_hint.message(), error.hint, request_id);
    if (status == 429) response.headers.add("Retry-After", "1");
    return response;
}

}  // namespace

Response error_response(unsigned status, std::string_view code, std::string_view message, std::string_view hint,
                        std::string_view request_id) {
    return {.status = status, .body = json_of_error(code, message, hint, request_id)};
}

Response error_response(const Error& error, std::string_view request_id) {
    return respond_with(error, error.code.empty() ? name_of(error.kind) : error.code, request_id);
}

Response fc_error_response(const Error& error, std::string_view request_id) {
    if (!error.code.empty()) return respond_with(error, error.code, request_id);
    switch (error.kind) {
        case ErrorKind::Kernel:
        case ErrorKind::Broken: return respond_with(error, "InternalServerError", request_id);
        case ErrorKind::Exhausted: return respond_with(error, "ResourceExhausted", request_id);
        default: return respond_with(error, name_of(error.kind), request_id);
    }
}

std::string if_match_of(const Request& request) {
    std::string_view etag = request.header("if-match");
    if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') etag = etag.substr(1, etag.size() - 2);
    return etag == "*" ? std::string() : std::string(etag);
}

std::string address_of(const Request& request) {
    const auto host = request.header("host");
    const bool good = !host.empty() && host.size() <= 255 && std::ranges::all_of(host, [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
               c == '_' || c == ':' || c == '[' || c == ']';
    });
    return "http://" + (good ? std::string(host) : "localhost");
}

}  // namespace hotcell::api
