// The head of an answer, as bytes.
#pragma once

#include <string>
#include <string_view>

#include "engine/api/message.h"

namespace hotcell::api {

/// Status line and headers up to the empty line, written over `head`. `request_id` goes out as X-Request-Id, unless the
/// answer has one of its own, and as X-Fc-Request-Id. A header whose value has a control byte is left out. An answer of
/// status 204 or 304 has no length.
void write_head(const Response& response, std::string_view request_id, bool keep_alive, std::string& head);

}  // namespace hotcell::api
