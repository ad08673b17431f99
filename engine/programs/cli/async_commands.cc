#include "engine/programs/cli/async_commands.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "engine/programs/cli/json_answer.h"
#include "engine/programs/cli/output.h"
#include "engine/programs/cli/target.h"

namespace hotcell::cli {

namespace json = boost::json;

namespace {

constexpr std::pair<const char*, const char*> kColumns[] = {
    {"INVOCATION", "invocationId"},     {"STATUS", "status"},
    {"STARTED", "startedTime"},         {"MS", "durationMs"},
    {"RETRIES", "alreadyRetriedTimes"}, {"REQUEST", "requestId"},
    {"ERROR", "invocationErrorMessage"}};

Outcome<std::string> path_of(const AsyncOptions& options) {
    const auto target = parse_target(options.target, true);
    if (!target) return std::unexpected(target.error());
    return target->path() + "/stateful-async-invocations" +
           (options.id.empty() ? "" : "/" + percent_encode(options.id));
}

Outcome<int> list(const Host& host, const AsyncOptions& options, bool as_json) {
    const auto path = path_of(options);
    if (!path) return std::unexpected(path.error());
    std::string query;
    if (!options.status.empty()) query += "&status=" + percent_encode(options.status);
    if (!options.limit.empty()) query += "&limit=" + percent_encode(options.limit);
    json::array items;
    std::string token;
    do {
        const std::string page = *path + "?" + (token.empty() ? "" : "nextToken=" + percent_encode(token)) + query;
        const auto answer = get_object(host, page);
        if (!answer) return std::unexpected(answer.error());
        const auto* found = answer->if_contains("invocations");
        if (found == nullptr || !found->is_array())
            return std::unexpected(Failure{kEngineFailed, "Broken", "the answer to " + page + " has no invocations"});
        for (const auto& item : found->get_array())
            if (item.is_object()) items.push_back(item);
        token = options.limit.empty() ? text_of(*answer, "nextToken") : "";
    } while (!token.empty());
    if (as_json) {
        write_bytes(stdout, json::serialize(items) + "\n");
        return kSuccess;
    }
    std::vector<Row> rows(1);
    for (const auto& [title, name] : kColumns) rows.front().emplace_back(title);
    for (const auto& item : items) {
        Row& row = rows.emplace_back();
        for (const auto& [title, name] : kColumns) row.push_back(text_of(item.get_object(), name));
    }
    print_table(rows);
    return kSuccess;
}

Outcome<int> show(const Host& host, const AsyncOptions& options, bool as_json) {
    const auto path = path_of(options);
    if (!path) return std::unexpected(path.error());
    const auto record = get_object(host, *path);
    if (!record) return std::unexpected(record.error());
    if (as_json) {
        write_bytes(stdout, json::serialize(*record) + "\n");
        return kSuccess;
    }
    std::vector<Row> rows(1, {"FIELD", "VALUE"});
    for (const auto& [name, value] : *record)
        if (!value.is_array()) rows.push_back({std::string(name), text_of(*record, name)});
    print_table(rows);
    const auto* events = record->if_contains("events");
    if (events == nullptr || !events->is_array()) return kSuccess;
    rows.assign(1, {"EVENT", "STATUS", "AT", "DETAIL"});
    for (const auto& event : events->get_array())
        if (event.is_object())
            rows.push_back({text_of(event.get_object(), "eventId"), text_of(event.get_object(), "status"),
                            text_of(event.get_object(), "timestamp"), text_of(event.get_object(), "eventDetail")});
    fmt::print("\n");
    print_table(rows);
    return kSuccess;
}

Outcome<int> stop(const Host& host, const AsyncOptions& options) {
    const auto path = path_of(options);
    if (!path) return std::unexpected(path.error());
    const auto answer = send(host, {"PUT", *path});
    if (!answer) return std::unexpected(answer.error());
    fmt::print("stopping {}\n", options.id);
    return kSuccess;
}

}  // namespace

AsyncCommands::AsyncCommands(CLI::App& app) {
    auto* async = app.add_subcommand("async", "asynchronous calls that are kept as records")
                      ->require_subcommand(1)
                      ->fallthrough();
    ls_ = async->add_subcommand("ls", "the calls of a function, the last one first");
    ls_->add_option("SERVICE/FUNCTION", options_.target, "with @QUALIFIER, else LATEST")->required();
    ls_->add_option("--status", options_.status, "only these: Running, Failed …");
    ls_->add_option("--limit", options_.limit, "1..100, all when left out");
    get_ = async->add_subcommand("get", "one call, its payloads, and what has happened to it");
    stop_ = async->add_subcommand("stop", "end one call; one that waits is never made");
    for (auto* command : {get_, stop_}) {
        command->add_option("SERVICE/FUNCTION", options_.target, "with @QUALIFIER, else LATEST")->required();
        command->add_option("INVOCATION", options_.id)->required();
    }
    for (auto* command : {ls_, get_, stop_}) command->fallthrough();
}

bool AsyncCommands::parsed() const { return ls_->parsed() || get_->parsed() || stop_->parsed(); }

Outcome<int> AsyncCommands::run(const Host& host, bool as_json) const {
    if (ls_->parsed()) return list(host, options_, as_json);
    if (get_->parsed()) return show(host, options_, as_json);
    return stop(host, options_);
}

}  // namespace hotcell::cli
