// hotcell logs: what functions wrote, and what they write from now on.
#pragma once

#include <string>

#include "engine/programs/cli/http_client.h"

namespace CLI {
class App;
}

namespace hotcell::cli {

struct LogOptions {
    std::string target;
    std::string request_id;  // empty: of all
    std::string match;       // empty: all
    std::string since;       // a duration; empty: from the first
    std::string tail = "100";
    bool follow = false;
};

class LogCommand {
public:
    explicit LogCommand(CLI::App& app);
    bool parsed() const;
    /// Following ends with the process, or when the engine does.
    Outcome<int> run(const Host& host, bool as_json) const;

private:
    LogOptions options_;
    CLI::App* logs_;
};

}  // namespace hotcell::cli
