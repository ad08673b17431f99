// An HTTP call on the channel: how its head goes in, and what a hostile program may say comes back.
//
// Pure. Not here: frames (frames.h), what of a head a client gets to see (api/routes/proxy).
// Fuzzed: tests/fuzz/channel_frames.cc.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "hotcell/invocation.h"

namespace hotcell::environment {

inline constexpr std::size_t kMostHttpHeaders = 8 << 10;    // bytes of an answer's names and values together
inline constexpr std::size_t kMostHttpDocument = 64 << 10;  // of the JSON that says them

/// The member "http" of a call's context: a comma, the key, the object. Bytes that are not UTF-8 are each read as Latin-1.
std::string encode_http(const HttpCall& call);

/// Splits the payload of a RESULT with HC_HTTP_HEAD: the head is returned, `payload` is left with the body.
///
/// Names come back in lower case. BadResponse, in words for the function's author, when the head is not JSON of that shape, a
/// status is not in 200..599, a name is not a token, a value has a control byte or headers are more than kMostHttpHeaders.
Result<HttpAnswer> take_http_head(std::string& payload);

}  // namespace hotcell::environment
