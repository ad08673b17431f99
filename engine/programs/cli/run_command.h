// hotcell run: one program in a sandbox of its own, its output on standard output, its log on standard error.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/programs/cli/http_client.h"

namespace hotcell::cli {

struct RunOptions {
    std::string file;
    std::string runtime;  // empty: by the file's name, ".py" is python3
    std::string event;    // the text, "@FILE", or "-" for standard input
    std::vector<std::string> arguments;
    std::vector<std::string> environment;                     // NAME=VALUE
    std::vector<std::pair<std::string, std::string>> limits;  // query fields as given, judged by the engine
    bool phases = false;
    bool as_json = false;
};

/// The exit status: the program's own, 128 + its signal, 124 when it timed out, 137 when it ran out of memory.
Outcome<int> run_program(const Host& host, const RunOptions& options);

}  // namespace hotcell::cli
