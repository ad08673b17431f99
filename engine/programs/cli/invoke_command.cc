#include "engine/programs/cli/invoke_command.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdio>
#include <cstdlib>

#include "engine/api/wire/base64.h"
#include "engine/api/wire/utf8.h"
#include "engine/programs/cli/files.h"
#include "engine/programs/cli/json_answer.h"
#include "engine/programs/cli/output.h"
#include "engine/programs/cli/target.h"

namespace hotcell::cli {

namespace json = boost::json;

namespace {

json::string json_text(std::string_view value) { return json::string(value.data(), value.size()); }

Outcome<std::string> read_event(const InvokeOptions& options) {
    if (options.event_stdin) return read_stream(stdin, "standard input");
    if (!options.event_file.empty()) return read_file(options.event_file);
    return options.event;
}

void put_bytes(json::object& out, const std::string& name, const std::string& bytes) {
    const bool plain = api::is_utf8(bytes);
    out[name] = json_text(plain ? bytes : api::base64(bytes));
    out[name + "Encoding"] = plain ? "utf-8" : "base64";
}

void print_as_json(const Answer& answer, const std::string& log) {
    json::object out;
    const std::pair<const char*, const char*> kHeaders[] = {{"requestId", "x-fc-request-id"},
                                                            {"errorType", "x-fc-error-type"},
                                                            {"version", "x-fc-invocation-service-version"},
                                                            {"instanceId", "x-fc-instance-id"},
                                                            {"codeChecksum", "x-fc-code-checksum"}};
    for (const auto& [name, header] : kHeaders) out[name] = json_text(answer.header(header));
    out["durationMs"] = std::strtod(answer.header("x-fc-invocation-duration").c_str(), nullptr);
    out["maxMemoryMB"] = std::strtod(answer.header("x-fc-max-memory-usage").c_str(), nullptr);
    put_bytes(out, "payload", answer.body);
    put_bytes(out, "log", log);
    write_bytes(stdout, json::serialize(out) + "\n");
}

/// Asked for after the call, so that the call itself carries no more than it must.
Outcome<int> show_phases(const Host& host, const std::string& request_id) {
    const auto report = get_object(host, "/v1/invocations/" + percent_encode(request_id));
    if (!report) return std::unexpected(report.error());
    try {
        print_phases(*report);
    } catch (const std::exception&) {  // a missing member or another type: Boost.JSON throws
        return std::unexpected(Failure{kEngineFailed, "Broken", "the engine's answer is not the report of a call"});
    }
    fmt::print(stderr, "start {}, instance {}, request {}\n", text_of(*report, "start"), text_of(*report, "instanceId"),
               request_id);
    return kSuccess;
}

Outcome<int> enqueue(const Host& host, const InvokeOptions& options, Call call) {
    call.headers.emplace_back("X-Fc-Invocation-Type: Async");
    if (!options.invocation_id.empty()) {
        call.headers.emplace_back("X-Fc-Stateful-Async-Invocation-Id: " + options.invocation_id);
        call.headers.emplace_back("X-Fc-Stateful-Async-Invocation-Enable: true");
    }
    if (!options.delay.empty()) call.headers.emplace_back("X-Fc-Async-Delay: " + options.delay);
    const auto answer = send(host, call);
    if (!answer) return std::unexpected(answer.error());
    const auto request_id = answer->header("x-fc-request-id");
    const auto id = answer->header("x-fc-stateful-async-invocation-id");
    if (options.as_json)
        write_bytes(stdout, json::serialize(
                                json::object{{"requestId", json_text(request_id)}, {"invocationId", json_text(id)}}) +
                                "\n");
    else
        fmt::print("{}\n", id);
    return kSuccess;
}

}  // namespace

Outcome<int> invoke_function(const Host& host, const InvokeOptions& options) {
    const auto target = parse_target(options.target, true);
    if (!target) return std::unexpected(target.error());
    auto event = read_event(options);
    if (!event) return std::unexpected(event.error());
    Call call{"POST", target->path() + "/invocations", std::move(*event), {"Content-Type: application/octet-stream"}};
    if (options.asynchronous) return enqueue(host, options, std::move(call));
    if (options.log) call.headers.emplace_back("X-Fc-Log-Type: Tail");
    const auto answer = send(host, call);
    if (!answer) return std::unexpected(answer.error());
    std::string log;
    if (!api::decode_base64(answer->header("x-fc-log-result"), log))
        return std::unexpected(Failure{kEngineFailed, "Broken", "X-Fc-Log-Result: is not base64"});
    const auto error_type = answer->header("x-fc-error-type");
    const auto request_id = answer->header("x-fc-request-id");
    if (options.as_json) {
        print_as_json(*answer, log);
    } else {
        write_bytes(stdout, answer->body);
        std::fflush(stdout);
        write_bytes(stderr, log);
        if (!log.empty() && !log.ends_with('\n')) write_bytes(stderr, "\n");
        if (!error_type.empty()) fmt::print(stderr, "hotcell: {}, request {}\n", error_type, request_id);
    }
    if (options.phases) {
        const auto shown = show_phases(host, request_id);
        if (!shown) return shown;
    }
    return error_type.empty() ? kSuccess : kFunctionFailed;
}

}  // namespace hotcell::cli
