#include "engine/programs/cli/log_command.h"

#include <fmt/format.h>
#include <poll.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <chrono>

#include "engine/api/wire/query.h"
#include "engine/programs/cli/call_counts.h"
#include "engine/programs/cli/json_answer.h"
#include "engine/programs/cli/output.h"
#include "engine/programs/cli/target.h"

namespace hotcell::cli {

namespace json = boost::json;
using Clock = std::chrono::steady_clock;

namespace {

constexpr int kAWhile = 1'000;  // ms, where the engine answers sooner than asked and has nothing

std::unexpected<Failure> broken(const std::string& path) {
    return std::unexpected(Failure{kEngineFailed, "Broken", "the answer to " + path + " has no lines"});
}

/// The part of the query that stays while it follows.
Outcome<std::string> filter_of(const Target& target, const LogOptions& options) {
    std::string query = "?service=" + percent_encode(target.service);
    if (!target.function.empty()) query += "&function=" + percent_encode(target.function);
    if (!options.request_id.empty()) query += "&requestId=" + percent_encode(options.request_id);
    if (!options.match.empty()) query += "&match=" + percent_encode(options.match);
    if (options.since.empty()) return query;
    const auto past = api::parse_duration("since", options.since, Millis(0), std::chrono::hours(24 * 365));
    if (!past) return std::unexpected(Failure{kRefused, "InvalidArgument", past.error().message()});
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto since = std::chrono::duration_cast<Millis>(now) - *past;
    return query + "&since=" + std::to_string(since.count());
}

/// A line of text a line: moment, function where there are several, request, message.
void print_line(const json::object& line, bool with_function) {
    auto request = text_of(line, "requestId");
    if (request.empty()) request = "-";
    auto message = text_of(line, "message");
    std::ranges::replace(message, '\t', ' ');
    const auto function = with_function ? text_of(line, "functionName") + " " : "";
    fmt::print("{} {}{} {}{}\n", text_of(line, "time"), function, request, clean(std::move(message)),
               text_of(line, "truncated") == "true" ? " …" : "");
}

class Reader {
public:
    Reader(const Host& host, const Target& target, std::string filter, bool as_json)
        : host_(host), target_(target), filter_(std::move(filter)), as_json_(as_json) {}

    Outcome<int> read(const LogOptions& options) {
        const auto first = page("&limit=" + percent_encode(options.tail));
        if (!first) return std::unexpected(first.error());
        const bool nothing = *first == 0;
        if (nothing && !as_json_) say_nothing(options.follow);
        while (options.follow) {
            const auto asked = Clock::now();
            const auto lines = page("&after=" + last_ + "&wait=30s");
            if (!lines) return std::unexpected(lines.error());
            if (*lines == 0 && Clock::now() - asked < Millis(kAWhile)) ::poll(nullptr, 0, kAWhile);
        }
        return kSuccess;
    }

private:
    /// Prints what comes; how many lines.
    Outcome<std::size_t> page(const std::string& more) {
        const std::string path = "/v1/logs" + filter_ + more;
        const auto answer = send(host_, {"GET", path});
        if (!answer) return std::unexpected(answer.error());
        const auto page = object_in(*answer, path);
        if (!page) return std::unexpected(page.error());
        const auto* lines = page->if_contains("lines");
        if (lines == nullptr || !lines->is_array()) return broken(path);
        for (const auto& line : lines->get_array()) {
            if (!line.is_object()) return broken(path);
            if (as_json_)
                write_bytes(stdout, json::serialize(line) + "\n");
            else
                print_line(line.get_object(), target_.function.empty());
        }
        std::fflush(stdout);
        last_ = text_of(*page, "last");
        return lines->get_array().size();
    }

    void say_nothing(bool follow) const {
        const auto counts = get_call_counts(host_, target_.service, target_.function);
        fmt::print(stderr, "{} of {} ({} invocations so far)\n", follow ? "waiting for logs" : "no logs",
                   target_.shown(), counts ? std::to_string(counts->all()) : "unknown");
    }

    const Host& host_;
    const Target& target_;
    const std::string filter_;
    const bool as_json_;
    std::string last_ = "0";
};

}  // namespace

LogCommand::LogCommand(CLI::App& app) {
    logs_ = app.add_subcommand("logs", "what functions wrote; the engine keeps the last lines");
    logs_->footer(
        "examples:\n"
        "  hotcell logs img/resize -f\n"
        "  hotcell logs img/resize --request-id 5fd8f342-2b34-4bd7-8d7f-8a0b8f5c3f62\n"
        "  hotcell logs img --since 10m --match error -o json | jq .message");
    logs_->add_option("SERVICE[/FUNCTION]", options_.target)->required();
    logs_->add_option("--request-id", options_.request_id, "lines of one call");
    logs_->add_option("--match", options_.match, "lines that contain this text");
    logs_->add_option("--since", options_.since, "lines of the last 10m, 30s …");
    logs_->add_option("--tail", options_.tail, "the last lines, 1..10000, 100 when left out");
    logs_->add_flag("-f,--follow", options_.follow, "go on with what comes, until interrupted");
}

bool LogCommand::parsed() const { return logs_->parsed(); }

Outcome<int> LogCommand::run(const Host& host, bool as_json) const {
    const auto target = parse_target(options_.target, false);
    if (!target) return std::unexpected(target.error());
    auto filter = filter_of(*target, options_);
    if (!filter) return std::unexpected(filter.error());
    if (const auto there = get(host, target->path()); !there) return std::unexpected(there.error());
    return Reader(host, *target, std::move(*filter), as_json).read(options_);
}

}  // namespace hotcell::cli
