// What hotcelld can be told: on the command line, or in a file of the same names (--config).
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "engine/api/limits.h"
#include "hotcell/engine.h"

namespace hotcell::daemon {

struct DaemonOptions {
    EngineOptions engine;
    std::string socket;                     // empty: api.sock in the run directory
    std::string group = "hotcell";          // may connect besides root; ignored when there is no such group
    std::string listen;                     // "127.0.0.1:8000"; empty: no TCP
    std::string listen_token_file;          // with `listen`: this, keys_file or both
    std::string keys_file;                  // access keys that may sign requests; empty: none
    bool explain_signatures = false;        // a refused signature is told the string that should be signed
    std::vector<std::string> listen_names;  // further names that clients may call the TCP socket by
    api::ServerLimits server;
    Millis drain{30'000};  // what running programs get at SIGTERM
    bool quiet = false;
};

/// The options, or the exit status when there is nothing to run (--help, --version, a usage error: 2), printed already.
std::expected<DaemonOptions, int> parse_options(int argc, char** argv);

}  // namespace hotcell::daemon
