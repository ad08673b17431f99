// Files and standard input, whole, for commands that send them.
#pragma once

#include <cstdio>
#include <string>

#include "engine/programs/cli/failure.h"

namespace hotcell::cli {

/// Failures have the statuses of `missing` and `unreadable`.
struct ReadStatuses {
    int missing = kRefused;
    int unreadable = kRefused;
};
Outcome<std::string> read_stream(std::FILE* stream, const std::string& name, const ReadStatuses& statuses = {});
Outcome<std::string> read_file(const std::string& path, const ReadStatuses& statuses = {});

}  // namespace hotcell::cli
