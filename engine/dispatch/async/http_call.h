// The HTTP request of an asynchronous call as the text that lies beside its event on the disk.
//
// Threads: functions of their arguments.
#pragma once

#include <string>
#include <string_view>

#include "hotcell/error.h"
#include "hotcell/invocation.h"

namespace hotcell::dispatch::async {

/// JSON, but for strings that are no UTF-8: they stand in it byte by byte.
std::string encode_http(const HttpCall& call);
/// InvalidArgument when it is none that encode_http() has written.
Result<HttpCall> decode_http(std::string_view text);

}  // namespace hotcell::dispatch::async
