// The query of a request target and the quantities written in it: "memory=64MiB&timeout=1.5s".
//
// Here: escapes, syntax and ranges, with messages that name field, limit and value. Not here: which fields a route knows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hotcell/error.h"
#include "hotcell/units.h"

namespace hotcell::api {

using QueryFields = std::vector<std::pair<std::string, std::string>>;

/// Percent-decoded fields in order. InvalidArgument for a broken escape, an empty or repeated name.
Result<QueryFields> parse_query(std::string_view query);

/// "%2F" is '/'; nothing when a '%' is not followed by two hexadecimal digits. '+' stays what it is.
std::optional<std::string> percent_decode(std::string_view text);

/// What a client wrote, in quotes, short enough and clean enough to stand in a message.
std::string quote(std::string_view text);
/// "FIELD is set to an invalid value (allowed: ALLOWED, actual: 'B')": how Function Compute refuses a value. InvalidArgument.
std::unexpected<Error> refuse_value(std::string_view field, std::string_view allowed, std::string_view actual);

/// A whole number within [least, most].
Result<std::uint64_t> parse_count(std::string_view field, std::string_view text, std::uint64_t least,
                                  std::uint64_t most);
/// "1048576", "512KiB", "64MiB", "1GiB" (also K, M, G for the same), within [least, most].
Result<Bytes> parse_bytes(std::string_view field, std::string_view text, Bytes least, Bytes most);
/// "250ms", "3s", "1.5s", "2m"; a bare number is milliseconds. Within [least, most].
Result<Millis> parse_duration(std::string_view field, std::string_view text, Millis least, Millis most);

/// "64MiB" where it is a whole number of units, for messages.
std::string text_of(Bytes bytes);

}  // namespace hotcell::api
