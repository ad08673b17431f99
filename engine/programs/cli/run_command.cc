#include "engine/programs/cli/run_command.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdio>
#include <stdexcept>

#include "engine/api/wire/base64.h"
#include "engine/programs/cli/files.h"
#include "engine/programs/cli/output.h"

namespace hotcell::cli {

namespace json = boost::json;

namespace {

constexpr ReadStatuses kStatuses{kRunNoFile, kRunCannotRead};

Outcome<std::string> read_event(const std::string& event) {
    if (event == "-") return read_stream(stdin, "standard input", kStatuses);
    if (event.starts_with('@')) return read_file(event.substr(1), kStatuses);
    return event;
}

std::string runtime_of(const RunOptions& options) {
    if (!options.runtime.empty()) return options.runtime;
    return options.file.ends_with(".py") ? "python3" : "custom";
}

std::string path_of(const RunOptions& options) {
    std::string path = "/v1/run?runtime=" + percent_encode(runtime_of(options));
    for (const auto& [name, value] : options.limits) path += "&" + name + "=" + percent_encode(value);
    return path;
}

std::string stream_of(const json::object& report, const std::string& name) {
    const std::string text(report.at(name).as_string());
    if (report.at(name + "Encoding").as_string() != "base64") return text;
    std::string bytes;
    if (!api::decode_base64(text, bytes)) throw std::runtime_error("not base64");
    return bytes;
}

void print_all_phases(const json::object& report) {
    print_phases(report);
    fmt::print(stderr, "start {}, slot {}, peak memory {} KiB, cpu {} µs, request {}\n",
               report.at("start").as_string().c_str(), report.at("slot").as_string().c_str(),
               report.at("peakMemoryBytes").to_number<std::uint64_t>() / 1024,
               report.at("cpuMicros").to_number<std::int64_t>(), report.at("requestId").as_string().c_str());
}

/// Says on standard error what the exit status alone does not.
void print_remarks(const json::object& report) {
    for (const std::string name : {"output", "log"})
        if (report.at(name + "Truncated").as_bool())
            fmt::print(stderr, "hotcell: the {} was cut at its limit (--max-{})\n", name, name);
    const std::string outcome(report.at("outcome").as_string());
    if (outcome == "timed-out") fmt::print(stderr, "hotcell: killed at its timeout (--timeout)\n");
    if (outcome == "out-of-memory") fmt::print(stderr, "hotcell: killed at its memory limit (--memory)\n");
    if (outcome == "signalled") fmt::print(stderr, "hotcell: ended by signal {}\n", report.at("code").to_number<int>());
}

int exit_status_of(const json::object& report) {
    const std::string outcome(report.at("outcome").as_string());
    const int code = report.at("code").to_number<int>();
    if (outcome == "timed-out") return kTimedOut;
    if (outcome == "out-of-memory") return 128 + 9;
    return outcome == "signalled" ? 128 + code : code;
}

int show(const json::object& report, const std::string& body, const RunOptions& options) {
    if (options.as_json) {
        write_bytes(stdout, body + "\n");
    } else {
        write_bytes(stdout, stream_of(report, "output"));
        std::fflush(stdout);
        write_bytes(stderr, stream_of(report, "log"));
        print_remarks(report);
        if (options.phases) print_all_phases(report);
    }
    return exit_status_of(report);
}

}  // namespace

Outcome<int> run_program(const Host& host, const RunOptions& options) {
    auto program = read_file(options.file, kStatuses);
    if (!program) return std::unexpected(program.error());
    auto event = read_event(options.event);
    if (!event) return std::unexpected(event.error());
    std::vector<FormField> fields{{"program", std::move(*program), "program"}, {"event", std::move(*event)}};
    for (const auto& argument : options.arguments) fields.push_back({"argument", argument});
    for (const auto& variable : options.environment) fields.push_back({"environment", variable});
    auto answer = post_form(host, path_of(options), fields);
    if (!answer) return std::unexpected(answer.error());
    json::error_code error;
    const auto document = json::parse(answer->body, error);
    try {
        return show(document.as_object(), answer->body, options);
    } catch (const std::exception&) {  // a missing member or another type: Boost.JSON throws
        return std::unexpected(Failure{kRunFailed, "Broken", "the engine's answer is not the report of a run",
                                       "do hotcell and hotcelld have the same version? (hotcell version)"});
    }
}

}  // namespace hotcell::cli
