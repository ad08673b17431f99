// Limits that callers over HTTP, of the library and the programs in sandboxes must agree on.
#pragma once

#include "hotcell/units.h"

namespace hotcell {

/// Of a code package or a layer, a zip. As base64 it is 100 MiB of a request, which is what Function Compute takes.
inline constexpr Bytes kMostPackage = mebibytes(75);

}  // namespace hotcell
