// hotcell invoke: one call of a function; its result on standard output, its log on standard error.
#pragma once

#include <string>

#include "engine/programs/cli/http_client.h"

namespace hotcell::cli {

struct InvokeOptions {
    std::string target;
    std::string event;       // -e
    std::string event_file;  // -f; empty: none
    bool event_stdin = false;
    bool asynchronous = false;
    std::string invocation_id;  // of an asynchronous call that is kept as a record; empty: none is given
    std::string delay;          // of an asynchronous call, seconds
    bool log = false;
    bool phases = false;
    bool as_json = false;
};

/// 1 when the function failed: its error document is the result then. Of an asynchronous call the id is printed.
Outcome<int> invoke_function(const Host& host, const InvokeOptions& options);

}  // namespace hotcell::cli
