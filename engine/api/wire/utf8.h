// Whether bytes can stand in a JSON string as they are, and what to do when they cannot.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/utf8.h"

namespace hotcell::api {

using hotcell::is_utf8;

/// RFC 4648 §4, padded.
std::string base64(std::string_view bytes);

}  // namespace hotcell::api
