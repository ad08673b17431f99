// A call's values against the rules of hotcell/run.h. Pure; any thread.
#pragma once

#include "engine/base/result.h"
#include "hotcell/engine.h"
#include "hotcell/run.h"

namespace hotcell::dispatch {

/// InvalidArgument naming the field, its limit and its value.
Result<> validate(const RunRequest& request, const EngineOptions& options);
/// The engine's own options, likewise.
Result<> validate(const EngineOptions& options);

}  // namespace hotcell::dispatch
