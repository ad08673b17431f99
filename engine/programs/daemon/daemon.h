// The life of hotcelld: privileged work first, then the jail, then everything that reads what strangers send.
//
//   prepare the engine (root) → open the sockets → enter the jail → start threads and pools → serve → drain → end
//
// Threads: run_daemon() is called on the main thread, before any other.
#pragma once

#include "engine/programs/daemon/options.h"

namespace hotcell::daemon {

/// The exit status: 0 after SIGTERM or SIGINT, 1 when it could not start or the privileged helper died.
int run_daemon(const DaemonOptions& options);

}  // namespace hotcell::daemon
