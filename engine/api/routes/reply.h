// How a route answers: documents, refusals with the status that their code means, links.
//
// Not here: the table (table.cc), how a route is run (route.h), what a route asks for (a file each).
#pragma once

#include <string>
#include <utility>

#include "engine/api/message.h"
#include "hotcell/error.h"

namespace hotcell::api {

/// The error document for one request.
Response error_response(unsigned status, std::string_view code, std::string_view message, std::string_view hint,
                        std::string_view request_id);
/// An error of the engine, with the status that its code or, without one, its kind means.
Response error_response(const Error& error, std::string_view request_id);
/// The same with FC's names for what has no code: InternalServerError, ResourceExhausted.
Response fc_error_response(const Error& error, std::string_view request_id);

/// An etag as the client sent it back: without quotes; "*" is any and so empty.
std::string if_match_of(const Request& request);

/// 200 with a JSON document.
inline Response document(std::string json) { return {.body = std::move(json)}; }
/// The same with the thing's etag.
inline Response document(std::string json, const std::string& etag) {
    return {.headers = {{"ETag", etag}}, .body = std::move(json)};
}
/// 204.
inline Response nothing() { return {.status = 204}; }

/// "http://HOST" as the client calls this server; localhost where its Host cannot stand in an address.
std::string address_of(const Request& request);

}  // namespace hotcell::api
