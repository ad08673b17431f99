// Where a call's time went, as a header (Server Timing, W3C).
#pragma once

#include <string>
#include <vector>

#include "hotcell/run.h"

namespace hotcell::api {

/// "queue;dur=0.012, sandbox;dur=1.930, total;dur=2.000": milliseconds, the top-level phases only.
std::string server_timing(const std::vector<Phase>& phases, Nanos total);

}  // namespace hotcell::api
