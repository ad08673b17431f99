// Names one request: a random UUID (RFC 9562, version 4).
#pragma once

#include <string>

namespace hotcell::api {

std::string make_request_id();

}  // namespace hotcell::api
