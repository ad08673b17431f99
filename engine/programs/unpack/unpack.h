// A zip's bytes to the unpacked stream, everything verified: the work of hotcell-unpack as a function.
//
// Not here: input and output (main.cc). What is accepted is in docs/protocol/packages.md. Threads: any, nothing is shared.
#pragma once

#include <functional>
#include <string_view>

#include "engine/base/result.h"
#include "engine/protocol/package/limits.h"

namespace hotcell::unpack {

/// Gets the stream piece by piece; its error ends the unpacking.
using Write = std::function<Result<>(std::string_view)>;

/// InvalidArgument with one line of words for a package that is refused; what was written by then has no end and is worth
/// nothing. Uses memory for one block of content and for the list of paths, beside the zip.
Result<> unpack(std::string_view zip, const Write& write,
                const protocol::PackageLimits& limits = protocol::kPackageLimits);

}  // namespace hotcell::unpack
