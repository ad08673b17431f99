// The head of an answer, as bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/api/message.h"

namespace hotcell::api {

/// How the client sees where the answer ends.
enum class Framing : std::uint8_t {
    Length,      // of the body that the answer has; a status of 204 or 304 has none
    Chunks,      // the body comes in them
    Connection,  // with the connection
    Switched,    // not at all: what follows is another protocol
};

/// Status line and headers up to the empty line, written over `head`. `request_id` goes out as X-Request-Id, unless the
/// answer has one of its own, and as X-Fc-Request-Id. A header whose value has a control byte is left out.
void write_head(const Response& response, std::string_view request_id, bool keep_alive, Framing framing,
                std::string& head);

}  // namespace hotcell::api
