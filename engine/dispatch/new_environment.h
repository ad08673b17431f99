// The environment of a function's version in a slot, of the kind that its runtime asks for.
//
// Pure but for what the environment takes of the slot. Threads: the engine's.
#pragma once

#include <memory>
#include <string_view>

#include "engine/dispatch/slot_source.h"
#include "engine/environment/environment.h"
#include "engine/environment/http/connection_budget.h"
#include "engine/environment/runtime/documents.h"
#include "hotcell/run.h"

namespace hotcell::dispatch {

inline constexpr Bytes kMostResult = mebibytes(6);  // of a call
inline constexpr Bytes kMostLog = mebibytes(1);     // of a call

struct EnvironmentParts {
    environment::Reactor& reactor;
    environment::WardenClient& warden;
    environment::BuilderClient& builder;
    environment::ConnectionBudget& connections;
    Nanos server_start_timeout;
};

/// `start` is what the slot was got for; `lines` takes what the environment writes.
std::shared_ptr<environment::Environment> make_environment(const EnvironmentParts& parts, GivenSlot given,
                                                           StartKind start, const environment::Manifest& manifest,
                                                           const environment::Loaded& loaded,
                                                           std::shared_ptr<telemetry::InstanceLog> lines);

}  // namespace hotcell::dispatch
