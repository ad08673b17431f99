#include "engine/programs/cli/run_command.h"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>

namespace hotcell::cli {

namespace json = boost::json;

namespace {

Outcome<std::string> read_stream(std::FILE* stream, const std::string& name) {
    std::string bytes;
    std::array<char, 64 << 10> block;
    while (const auto count = std::fread(block.data(), 1, block.size(), stream)) bytes.append(block.data(), count);
    if (std::ferror(stream) != 0)
        return std::unexpected(Failure{kRunCannotRead, "InvalidArgument", name + ": " + std::strerror(errno)});
    return bytes;
}

Outcome<std::string> read_file(const std::string& path) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"), std::fclose);
    if (!file)
        return std::unexpected(Failure{errno == ENOENT ? kRunNoFile : kRunCannotRead, "InvalidArgument",
                                       path + ": " + std::strerror(errno)});
    return read_stream(file.get(), path);
}

Outcome<std::string> read_event(const std::string& event) {
    if (event == "-") return read_stream(stdin, "standard input");
    if (event.starts_with('@')) return read_file(event.substr(1));
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

std::string decode_base64(std::string_view text) {
    constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    unsigned bits = 0, count = 0;
    for (const char c : text) {
        const auto digit = kDigits.find(c);
        if (digit == std::string_view::npos) break;
        bits = bits << 6 | static_cast<unsigned>(digit);
        count += 6;
        if (count >= 8) out.push_back(static_cast<char>(bits >> (count -= 8) & 0xff));
    }
    return out;
}

std::string stream_of(const json::object& report, const std::string& name) {
    const std::string text(report.at(name).as_string());
    return report.at(name + "Encoding").as_string() == "base64" ? decode_base64(text) : text;
}

void write(std::FILE* to, const std::string& bytes) { std::fwrite(bytes.data(), 1, bytes.size(), to); }

void print_phases(const json::object& report) {
    fmt::print(stderr, "{:<36}{:>12}\n", "phase", "µs");
    for (const auto& value : report.at("phases").as_array()) {
        const auto& phase = value.as_object();
        const std::string name(phase.at("name").as_string());
        const bool part = name.find('.') != std::string::npos;
        fmt::print(stderr, "{:<36}{:>12.1f}\n", (part ? "  " : "") + name, phase.at("micros").to_number<double>());
    }
    fmt::print(stderr, "{:<36}{:>12.1f}\n", "total", report.at("totalMicros").to_number<double>());
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
        write(stdout, body + "\n");
    } else {
        write(stdout, stream_of(report, "output"));
        std::fflush(stdout);
        write(stderr, stream_of(report, "log"));
        print_remarks(report);
        if (options.phases) print_phases(report);
    }
    return exit_status_of(report);
}

}  // namespace

Outcome<int> run_program(const Host& host, const RunOptions& options) {
    auto program = read_file(options.file);
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
