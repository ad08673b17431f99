// What a request's head says, as the routes see it, and who its sender is.
//
// Not here: reading bytes, bodies, answers (connection.cc); what a proof is worth (access.h). Threads: functions of their arguments.
#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <expected>

#include "engine/api/message.h"
#include "engine/api/server/access.h"
#include "engine/api/wire/request_head.h"

namespace hotcell::api {

using ParsedHead = boost::beast::http::request<boost::beast::http::string_body>;

/// By what the head shows; who is trusted anyway shows nothing.
std::expected<Caller, Refusal> caller_of(const ParsedHead& head, const Peer& peer);
/// Without id, caller and body.
Request request_of(const ParsedHead& head, const Peer& peer);

}  // namespace hotcell::api
