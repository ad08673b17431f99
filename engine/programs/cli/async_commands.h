// The commands about asynchronous calls that are kept as records: async ls, async get, async stop.
#pragma once

#include <string>

#include "engine/programs/cli/http_client.h"

namespace CLI {
class App;
}

namespace hotcell::cli {

struct AsyncOptions {
    std::string target;
    std::string id;
    std::string status;  // empty: any
    std::string limit;   // empty: all
};

class AsyncCommands {
public:
    explicit AsyncCommands(CLI::App& app);
    bool parsed() const;
    Outcome<int> run(const Host& host, bool as_json) const;

private:
    AsyncOptions options_;
    CLI::App* ls_;
    CLI::App* get_;
    CLI::App* stop_;
};

}  // namespace hotcell::cli
