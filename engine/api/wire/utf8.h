// Whether bytes can stand in a JSON string as they are, and what to do when they cannot.
#pragma once

#include <string>
#include <string_view>

namespace hotcell::api {

/// Well-formed UTF-8 (RFC 3629): no overlong form, no surrogate, nothing above U+10FFFF.
bool is_utf8(std::string_view bytes);

/// RFC 4648 §4, padded.
std::string base64(std::string_view bytes);

}  // namespace hotcell::api
