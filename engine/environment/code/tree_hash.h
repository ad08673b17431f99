// A tree of code as it lies on the disk now, read whole: is it still what its name says? Blocks for the disk.
#pragma once

#include <string>

#include "engine/base/result.h"
#include "engine/environment/code/tree_listing.h"

namespace hotcell::environment {

/// The SHA-256 of what an open file has from here to its end.
Result<std::string> hash_open_file(int file);

/// Reads every file below `directory`. NotFound when there is none; Broken for what no stored tree has: other modes, other kinds of
/// file.
Result<TreeListing> list_tree(const std::string& directory);

}  // namespace hotcell::environment
