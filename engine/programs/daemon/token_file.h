// The token that clients over TCP must show, as its file holds it.
#pragma once

#include <string>

#include "hotcell/error.h"

namespace hotcell::daemon {

/// The first line of the file: 16..256 visible ASCII characters. InvalidArgument for another content, and for a file
/// that others than its owner and group may read or write.
Result<std::string> read_token(const std::string& path);

}  // namespace hotcell::daemon
