#include "engine/api/wire/run_request.h"

#include <algorithm>
#include <utility>

#include "engine/api/limits.h"
#include "engine/api/wire/multipart.h"
#include "engine/api/wire/query.h"
#include "engine/base/result.h"

namespace hotcell::api {

namespace {

Result<> read_start(std::string_view text, RunRequest& request) {
    if (text == "auto")
        request.start = StartKind::Automatic;
    else if (text == "exec")
        request.start = StartKind::Exec;
    else if (text == "zygote")
        request.start = StartKind::Zygote;
    else
        return fail(ErrorKind::InvalidArgument, "start: must be auto, exec or zygote");
    return {};
}

Result<> read_slot(std::string_view text, RunRequest& request) {
    if (text == "any")
        request.slot = SlotKind::Any;
    else if (text == "pooled")
        request.slot = SlotKind::Pooled;
    else if (text == "fresh")
        request.slot = SlotKind::Fresh;
    else
        return fail(ErrorKind::InvalidArgument, "slot: must be any, pooled or fresh");
    return {};
}

Result<> read_runtime(std::string_view text, RunRequest& request) {
    const bool good = !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
    });
    if (!good) return fail(ErrorKind::InvalidArgument, "runtime: must be 1..64 of a-z 0-9 . - _");
    request.runtime = text;
    return {};
}

Result<> read_query_field(std::string_view name, std::string_view text, RunRequest& request) {
    RunLimits& limits = request.limits;
    if (name == "runtime") return read_runtime(text, request);
    if (name == "start") return read_start(text, request);
    if (name == "slot") return read_slot(text, request);
    if (name == "memory")
        limits.memory = TRY(parse_bytes(name, text, mebibytes(4), mebibytes(3072)));
    else if (name == "tmp")
        limits.tmp = TRY(parse_bytes(name, text, kibibytes(64), mebibytes(3072)));
    else if (name == "output")
        limits.output = TRY(parse_bytes(name, text, Bytes{0}, mebibytes(64)));
    else if (name == "log")
        limits.log = TRY(parse_bytes(name, text, Bytes{0}, mebibytes(64)));
    else if (name == "timeout")
        limits.timeout = TRY(parse_duration(name, text, Millis(1), Millis(600'000)));
    else if (name == "processes")
        limits.processes = static_cast<std::uint32_t>(TRY(parse_count(name, text, 1, 1024)));
    else
        return fail(ErrorKind::InvalidArgument,
                    "query: the field \"" + std::string(name.substr(0, 40)) + "\" is unknown",
                    "runtime start slot memory tmp processes timeout output log");
    return {};
}

Result<> read_environment(std::string_view text, RunRequest& request) {
    const auto equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0)
        return fail(ErrorKind::InvalidArgument, "environment: must be NAME=VALUE");
    if (!request.environment.emplace(text.substr(0, equals), text.substr(equals + 1)).second)
        return fail(ErrorKind::InvalidArgument, "environment: a name is given once");
    return {};
}

Result<> at_most(std::string_view field, std::string_view what, std::uint64_t value, std::uint64_t limit) {
    if (value <= limit) return {};
    return fail(ErrorKind::InvalidArgument, std::string(field) + ": at most " + std::to_string(limit) + " " +
                                                std::string(what) + ", not " + std::to_string(value));
}

struct Seen {
    bool program = false, event = false;
    std::uint64_t argument_bytes = 0;
};

Result<> read_part(const FormPart& part, Seen& seen, RunRequest& request) {
    if (part.name == "program" || part.name == "event") {
        const bool program = part.name == "program";
        if (std::exchange(program ? seen.program : seen.event, true))
            return fail(ErrorKind::InvalidArgument, std::string(part.name) + ": given more than once");
        TRY(at_most(part.name, "bytes", part.content.size(), (program ? kMaxProgram : kMaxEvent).count));
        (program ? request.program : request.event) = part.content;
        return {};
    }
    if (part.name != "argument" && part.name != "environment")
        return fail(ErrorKind::InvalidArgument,
                    "body: the part \"" + std::string(part.name.substr(0, 40)) + "\" is unknown",
                    "program event argument environment");
    if (part.content.find('\0') != std::string_view::npos)
        return fail(ErrorKind::InvalidArgument, std::string(part.name) + ": has a zero byte");
    seen.argument_bytes += part.content.size() + 1;
    TRY(at_most("argument and environment", "bytes together", seen.argument_bytes, kMaxArgumentBytes.count));
    if (part.name == "environment") {
        TRY(read_environment(part.content, request));
        return at_most(part.name, "parts", request.environment.size(), kMaxEnvironment);
    }
    request.arguments.emplace_back(part.content);
    return at_most(part.name, "parts", request.arguments.size(), kMaxArguments);
}

}  // namespace

Result<RunRequest> read_run_request(std::string_view query, std::string_view content_type, std::string_view body) {
    RunRequest request;
    const auto fields = TRY(parse_query(query));
    for (const auto& [name, text] : fields) TRY(read_query_field(name, text, request));
    const auto boundary = TRY(boundary_of(content_type));
    const auto parts = TRY(parse_multipart(body, boundary, kMaxArguments + kMaxEnvironment + 2));
    Seen seen;
    for (const FormPart& part : parts) TRY(read_part(part, seen, request));
    if (request.program.empty())
        return fail(ErrorKind::InvalidArgument, seen.program ? "program: is empty" : "program: the part is missing");
    return request;
}

}  // namespace hotcell::api
