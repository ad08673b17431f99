// The commands that ask the engine, or the machine, how it is: status, version, doctor.
#pragma once

#include "engine/programs/cli/http_client.h"

namespace hotcell::cli {

/// Pools, layers of confinement, features of a running engine.
Outcome<int> show_status(const Host& host, bool as_json);

/// This program's version and, when it can be reached, the engine's.
Outcome<int> show_version(const Host& host, bool as_json);

/// What this machine offers to sandboxes, each thing with its reason. Works without a daemon.
Outcome<int> examine_machine(const Host& host, bool as_json);

}  // namespace hotcell::cli
