// Several trees of the store as one: what a function's layers are at /opt.
//
// The trees come in the order in which the function names them: of two entries with one path the first tree's stays, and nothing
// comes to lie below a file or link of an earlier tree. Files are the store's own, linked, not copied. Blocks for the disk.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/environment/code/code_store.h"
#include "hotcell/units.h"

namespace hotcell::environment {

inline constexpr std::size_t kMostLayers = 5;
inline constexpr Bytes kMostOfLayers = mebibytes(2048);  // of all files together

/// The name of the tree that these make together, held; one alone is itself. The caller holds each of them. InvalidArgument for more
/// than 5 trees or 2 GiB; NotFound and Broken as CodeStore::verify() says.
Result<std::string> merge_layers(CodeStore& store, const std::vector<std::string>& trees);

}  // namespace hotcell::environment
