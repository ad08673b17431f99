// The options of the commands about functions, and which command was given.
#pragma once

#include <CLI/App.hpp>
#include <memory>

#include "engine/programs/cli/http_client.h"

namespace hotcell::cli {

/// deploy, invoke, ls, rm, instance, runtime, added to the program's options.
class FunctionCommands {
public:
    explicit FunctionCommands(CLI::App& app);
    ~FunctionCommands();

    bool parsed() const;
    /// Runs the one that was given.
    Outcome<int> run(const Host& host, bool as_json);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace hotcell::cli
