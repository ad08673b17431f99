#include "engine/programs/cli/function_status.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "engine/programs/cli/call_counts.h"
#include "engine/programs/cli/json_answer.h"
#include "engine/programs/cli/output.h"
#include "engine/programs/cli/target.h"

namespace hotcell::cli {

namespace json = boost::json;

namespace {

struct FunctionStatus {
    json::object function;
    json::array versions;  // of the service, the newest first
    json::array aliases;
    json::array instances;
    CallCounts calls;
};

Outcome<FunctionStatus> look_at(const Host& host, const Target& target) {
    FunctionStatus status;
    auto function = get_object(host, target.path());
    if (!function) return std::unexpected(function.error());
    status.function = std::move(*function);
    const std::string service = Target{target.service, "", ""}.path();
    auto versions = get_list(host, service + "/versions", "versions");
    if (!versions) return std::unexpected(versions.error());
    status.versions = std::move(*versions);
    auto aliases = get_list(host, service + "/aliases", "aliases");
    if (!aliases) return std::unexpected(aliases.error());
    status.aliases = std::move(*aliases);
    const std::string path =
        "/v1/instances?service=" + percent_encode(target.service) + "&function=" + percent_encode(target.function);
    auto instances = get_object(host, path);
    if (!instances) return std::unexpected(instances.error());
    const auto* items = instances->if_contains("instances");
    if (items == nullptr || !items->is_array())
        return std::unexpected(Failure{kEngineFailed, "Broken", "the answer to " + path + " has no instances"});
    status.instances = items->get_array();
    auto calls = get_call_counts(host, target.service, target.function);
    if (!calls) return std::unexpected(calls.error());
    status.calls = std::move(*calls);
    return status;
}

json::object json_of(const FunctionStatus& status) {
    json::object outcomes;
    for (const auto& [outcome, count] : status.calls.by_outcome) outcomes[outcome] = count;
    return {{"function", status.function},
            {"versions", status.versions},
            {"aliases", status.aliases},
            {"instances", status.instances},
            {"calls", json::object{{"total", status.calls.all()},
                                   {"failed", status.calls.failed()},
                                   {"coldStarts", status.calls.cold_starts},
                                   {"byOutcome", std::move(outcomes)}}}};
}

/// "prod -> 1", "prod -> 1 (2: 10 %)"
std::string shown_alias(const json::object& alias) {
    std::string text = text_of(alias, "aliasName") + " -> " + text_of(alias, "versionId");
    const auto* shares = alias.if_contains("additionalVersionWeight");
    if (shares == nullptr || !shares->is_object()) return text;
    for (const auto& [version, share] : shares->get_object())
        if (share.is_number())
            text += fmt::format(" ({}: {:g} %)", std::string(version), share.to_number<double>() * 100);
    return text;
}

template <class Show>
std::string joined(const json::array& items, Show show) {
    std::string text;
    for (const auto& item : items)
        if (item.is_object()) text += (text.empty() ? "" : ", ") + show(item.get_object());
    return text.empty() ? "none" : text;
}

std::string shown_calls(const CallCounts& calls) {
    std::string text = std::to_string(calls.all());
    for (const auto& [outcome, count] : calls.by_outcome)
        if (outcome != "Succeeded" && count > 0) text += fmt::format(", {} {}", count, outcome);
    return text + fmt::format("; {} cold starts", calls.cold_starts);
}

void print(const FunctionStatus& status, const Target& target) {
    const json::object& function = status.function;
    const auto of = [&](const char* name) { return text_of(function, name); };
    print_table({{"function", target.shown() + (target.qualifier.empty() ? "" : "@" + target.qualifier)},
                 {"runtime", of("runtime")},
                 {"handler", of("handler")},
                 {"memory", of("memorySize") + " MB"},
                 {"timeout", of("timeout") + " s"},
                 {"code", of("codeSize") + " bytes, checksum " + of("codeChecksum")},
                 {"changed", of("lastModifiedTime")},
                 {"versions", joined(status.versions, [](const auto& one) { return text_of(one, "versionId"); })},
                 {"aliases", joined(status.aliases, shown_alias)},
                 {"calls", shown_calls(status.calls)},
                 {"instances", std::to_string(status.instances.size())}});
}

}  // namespace

Outcome<int> show_function_status(const Host& host, const std::string& text, bool as_json) {
    const auto target = parse_target(text, true);
    if (!target) return std::unexpected(target.error());
    const auto status = look_at(host, *target);
    if (!status) return std::unexpected(status.error());
    if (as_json) {
        write_bytes(stdout, json::serialize(json_of(*status)) + "\n");
        return kSuccess;
    }
    print(*status, *target);
    if (status->instances.empty()) return kSuccess;
    fmt::print("\n");
    return show_items(status->instances,
                      {{"INSTANCE", "instanceId"},
                       {"VERSION", "version"},
                       {"STATE", "state"},
                       {"START", "start"},
                       {"CALLS", "calls"},
                       {"BYTES", "memoryBytes"},
                       {"SINCE", "createdTime"}},
                      false);
}

}  // namespace hotcell::cli
