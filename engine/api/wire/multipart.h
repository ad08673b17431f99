// multipart/form-data, strictly (RFC 7578, RFC 2046 §5.1): what curl -F and browsers send, nothing looser.
//
// Here: the boundary, the parts' headers and their bytes. Not here: which parts a route knows.
// Fuzzed: tests/fuzz/multipart.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hotcell/error.h"

namespace hotcell::api {

/// One field of a form. Views into the body given to parse_multipart.
struct FormPart {
    std::string_view name;
    std::optional<std::string_view> file_name;
    std::string_view content;
};

/// The boundary of a Content-Type value. InvalidArgument when it is not multipart/form-data with one good boundary.
Result<std::string> boundary_of(std::string_view content_type);

/// All parts of `body`, in order. InvalidArgument for anything before the first boundary or after the last, a part
/// without a name, a header other than Content-Disposition, Content-Type and Content-Transfer-Encoding: binary, and
/// more than `most` parts.
Result<std::vector<FormPart>> parse_multipart(std::string_view body, std::string_view boundary, std::size_t most);

}  // namespace hotcell::api
