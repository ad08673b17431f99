#include "engine/programs/cli/engine_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>

#include "engine/linux/features.h"
#include "engine/programs/cli/json_answer.h"
#include "engine/programs/cli/output.h"

namespace hotcell::cli {

namespace json = boost::json;

namespace {

void print_feature(const std::string& state, const std::string& name, const std::string& reason,
                   const std::string& hint) {
    fmt::print("{:<10}{:<26}{}\n", state, name, reason);
    if (!hint.empty()) fmt::print("{:<36}hint: {}\n", "", hint);
}

void print_features(const json::object& engine, const char* list) {
    const auto* values = engine.if_contains(list);
    if (values == nullptr || !values->is_array()) return;
    fmt::print("\n{}\n", list);
    for (const auto& value : values->get_array())
        if (const auto* item = value.if_object())
            print_feature(text_of(*item, "state"), text_of(*item, "name"), text_of(*item, "reason"),
                          text_of(*item, "hint"));
}

void print_pools(const json::object& engine) {
    const auto* pools = engine.if_contains("pools");
    if (pools == nullptr || !pools->is_array()) return;
    constexpr const char* kColumns[] = {"runtime", "start", "ready",     "building",
                                        "busy",    "built", "destroyed", "failedBuilds"};
    for (const char* column : kColumns) fmt::print("{:<14}", column);
    fmt::print("\n");
    for (const auto& value : pools->get_array()) {
        const auto* pool = value.if_object();
        for (const char* column : kColumns) fmt::print("{:<14}", pool != nullptr ? text_of(*pool, column) : "");
        fmt::print("\n");
    }
}

json::string json_text(const std::string& value) { return json::string(value.data(), value.size()); }

void print_as_json(const std::vector<Feature>& features) {
    json::array list;
    for (const Feature& feature : features)
        list.push_back(json::object{{"name", json_text(feature.name)},
                                    {"state", json_text(feature.state)},
                                    {"reason", json_text(feature.reason)},
                                    {"hint", json_text(feature.hint)}});
    fmt::print("{}\n", json::serialize(list));
}

}  // namespace

Outcome<int> show_status(const Host& host, bool as_json) {
    const auto engine = get_object(host, "/v1/engine");
    if (!engine) return std::unexpected(engine.error());
    if (as_json) {
        fmt::print("{}\n", json::serialize(*engine));
        return kSuccess;
    }
    const auto ready = get(host, "/readyz");
    fmt::print("hotcell {} at {}: {}, instance {}\n", text_of(*engine, "version"), host.shown,
               ready ? "ready" : "not ready", text_of(*engine, "instance"));
    fmt::print("runs {}, failed starts {}, control groups {}, Landlock ABI {}\n\n", text_of(*engine, "runs"),
               text_of(*engine, "failedStarts"), text_of(*engine, "cgroupDriver"), text_of(*engine, "landlockAbi"));
    print_pools(*engine);
    print_features(*engine, "confinement");
    print_features(*engine, "features");
    print_features(*engine, "settings");
    return kSuccess;
}

Outcome<int> show_version(const Host& host, bool as_json) {
    const auto engine = get_object(host, "/version");
    const auto server = engine ? text_of(*engine, "version") : "";
    if (as_json) {
        json::object out{{"client", HOTCELL_VERSION}, {"server", nullptr}};
        if (engine) out["server"] = json_text(server);
        fmt::print("{}\n", json::serialize(out));
        return kSuccess;
    }
    fmt::print("client  {}\nserver  {}\n", HOTCELL_VERSION,
               engine ? server + " at " + host.shown : "not reached at " + host.shown);
    return kSuccess;
}

Outcome<int> examine_machine(const Host& host, bool as_json) {
    const auto features = linux::describe_features();
    if (as_json) {
        print_as_json(features);
    } else {
        for (const Feature& feature : features)
            print_feature(feature.state, feature.name, feature.reason, feature.hint);
        const auto engine = get_object(host, "/version");
        print_feature(
            engine ? "yes" : "no", "daemon",
            engine ? "hotcelld " + text_of(*engine, "version") + " answers at " + host.shown : engine.error().message,
            engine ? "" : engine.error().hint);
    }
    const bool lacking = std::ranges::any_of(features, [](const Feature& feature) { return feature.state == "no"; });
    return lacking ? kCheckFailed : kSuccess;
}

}  // namespace hotcell::cli
