// A request's JSON body, read strictly: one object, 64 levels, 10,000 keys, no key twice, well-formed UTF-8.
//
// Here: the document. `code.zipFile` never becomes a string of it: its base64 is decoded while it is read. Not here: its
// members by type (json_fields.h).
// Threads: values, no sharing. Fuzzed: tests/fuzz/json_bodies.cc.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hotcell/error.h"
#include "hotcell/units.h"

namespace hotcell::api {

struct JsonBody {
    boost::json::object object;
    std::optional<std::string> zip;  // what code.zipFile decodes to; the member itself is ""
};

/// InvalidArgument says what is wrong with `text`; a package of more than `most_zip` bytes is EntityTooLarge.
Result<JsonBody> parse_json_body(std::string_view text, Bytes most_zip);

}  // namespace hotcell::api
