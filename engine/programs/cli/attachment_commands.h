// The commands of what functions have beside their code: triggers and layers.
#pragma once

#include <string>
#include <vector>

#include "engine/programs/cli/http_client.h"

namespace hotcell::cli {

struct TriggerOptions {
    std::string target;  // SERVICE/FUNCTION[@QUALIFIER]
    std::string name;
    std::string auth = "anonymous";  // or "function"
    std::vector<std::string> methods{"GET", "POST"};
};
Outcome<int> create_trigger(const Host& host, const TriggerOptions& options, bool as_json);
Outcome<int> list_triggers(const Host& host, const std::string& target, bool as_json);
Outcome<int> remove_trigger(const Host& host, const std::string& target, const std::string& name);

struct LayerOptions {
    std::string name;
    std::string code;  // a directory or a zip file
    std::string description;
    std::vector<std::string> runtimes;
};
Outcome<int> publish_layer(const Host& host, const LayerOptions& options, bool as_json);
/// The newest version of each layer, or all versions of one.
Outcome<int> list_layers(const Host& host, const std::string& name, bool as_json);
Outcome<int> remove_layer(const Host& host, const std::string& name, const std::string& version);

}  // namespace hotcell::cli
