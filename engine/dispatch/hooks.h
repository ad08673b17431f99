// preFreeze and preStop of a function, called in an environment that has no call under way.
//
// Here: one call of a hook, with its own timeout and request id. Not here: when (functions.h). What a hook says or how it fails is
// nobody's business but its log's; one that is over its time ends the environment.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "engine/environment/environment.h"
#include "hotcell/catalog.h"

namespace hotcell::dispatch {

/// `kind` is HC_CALL_PRE_FREEZE or HC_CALL_PRE_STOP. `done` is called exactly once, not before this returns.
void call_hook(environment::Environment& environment, std::uint32_t kind, const LifecycleHook& hook,
               std::string_view version, std::function<void()> done);

}  // namespace hotcell::dispatch
