// The options of the commands about releases, triggers and layers, and which command was given.
#pragma once

#include <CLI/App.hpp>
#include <memory>

#include "engine/programs/cli/http_client.h"

namespace hotcell::cli {

/// alias, trigger, layer, and the commands below `version`, added to the program's options.
class ResourceCommands {
public:
    /// `version` is the command that shows versions of the programs when it is given alone.
    ResourceCommands(CLI::App& app, CLI::App& version);
    ~ResourceCommands();

    bool parsed() const;
    /// Runs the one that was given.
    Outcome<int> run(const Host& host, bool as_json);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace hotcell::cli
