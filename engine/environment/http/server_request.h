// The requests a custom runtime's server receives, as bytes (docs/protocol/custom-runtime-http.md).
//
// Names of headers are written as Go writes them (X-Fc-Request-Id): a server that reads them without regard to case finds them,
// and so does one that looks for exactly this. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/environment/environment.h"
#include "engine/environment/runtime/documents.h"

namespace hotcell::environment {

/// What is the same in every request of an environment, made once.
struct RequestHead {
    std::string host;    // "127.0.0.1:9000"
    std::string common;  // lines of headers
};

/// The lines that every request of an environment has: whose it is.
std::string common_headers(const Loaded& loaded);
/// Appends "Name: value\r\n"; what a header's value may not have becomes a space.
void append_header(std::string& lines, std::string_view name, std::string_view value);
/// "x-fc-request-id" as "X-Fc-Request-Id".
std::string canonical_name(std::string_view name);
/// The whole request.
std::string server_request(const RequestHead& head, const CallInput& input);
/// GET of a health check.
std::string health_request(const RequestHead& head, std::string_view path);
/// "GET", "POST" …
std::string_view method_of(const CallInput& input);
/// The client wants another protocol on its connection, and there is a stream to pass it.
bool asks_to_go_over(const CallInput& input);
/// May be sent a second time when a kept connection turns out to be dead (GET, HEAD, OPTIONS, TRACE).
bool is_idempotent(std::string_view method);

}  // namespace hotcell::environment
