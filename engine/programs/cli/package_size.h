// What is said of a package that is too large, before it is sent: the limit, how large it is, and what is largest in it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/programs/cli/failure.h"

namespace hotcell::cli {

struct SizedFile {
    std::string name;
    std::uint64_t bytes = 0;
};

/// Refused where `bytes` is beyond `most`. `what` is "its files are" or "the package is".
Outcome<void> check_size(const std::string& path, const std::string& what, std::uint64_t bytes, std::uint64_t most,
                         std::vector<SizedFile> files);

}  // namespace hotcell::cli
