#include "engine/dispatch/validate.h"

#include <string>
#include <string_view>

namespace hotcell::dispatch {

namespace {

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::uint64_t kMostStrings = 1024;
constexpr std::uint64_t kMostStringBytes = 192 << 10;  // what fits into a Run frame beside the manifest's variables

Result<> within(std::string_view field, std::uint64_t value, std::uint64_t least, std::uint64_t most) {
    if (value >= least && value <= most) return {};
    return fail(ErrorKind::InvalidArgument, std::string(field) + ": " + std::to_string(value) + " is not within " +
                                                std::to_string(least) + ".." + std::to_string(most));
}

bool has_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

Result<> validate_strings(const RunRequest& request) {
    TRY(within("arguments: number", request.arguments.size(), 0, kMostStrings));
    TRY(within("environment: number", request.environment.size(), 0, kMostStrings));
    std::uint64_t bytes = 0;
    for (const std::string& argument : request.arguments) {
        if (has_nul(argument)) return fail(ErrorKind::InvalidArgument, "arguments: a NUL character is not possible");
        bytes += argument.size() + 1;
    }
    for (const auto& [name, value] : request.environment) {
        if (name.empty() || has_nul(name) || name.find('=') != std::string::npos)
            return fail(ErrorKind::InvalidArgument, "environment: '" + name + "' cannot be the name of a variable");
        if (has_nul(value)) return fail(ErrorKind::InvalidArgument, "environment: " + name + " has a NUL character");
        bytes += name.size() + value.size() + 2;
    }
    return within("arguments, environment: bytes together", bytes, 0, kMostStringBytes);
}

}  // namespace

Result<> validate(const RunRequest& request, const EngineOptions& options) {
    const RunLimits& limits = request.limits;
    TRY(within("program: bytes", request.program.size(), 1, 64 * kMiB));
    TRY(within("event: bytes", request.event.size(), 0, 64 * kMiB));
    TRY(within("limits.memory", limits.memory.count, 4 * kMiB, 3072 * kMiB));
    TRY(within("limits.tmp", limits.tmp.count, 4096, options.tmp_size.count));
    TRY(within("limits.processes", limits.processes, 1, 1024));
    TRY(within("limits.timeout in ms", static_cast<std::uint64_t>(limits.timeout.count()), 1, 600'000));
    TRY(within("limits.output", limits.output.count, 0, 64 * kMiB));
    TRY(within("limits.log", limits.log.count, 0, 64 * kMiB));
    return validate_strings(request);
}

Result<> validate(const EngineOptions& options) {
    TRY(within("options.pooled_slots", options.pooled_slots, 0, 256));
    TRY(within("options.concurrent_runs", options.concurrent_runs, 1, 4096));
    TRY(within("options.tmp_size", options.tmp_size.count, 4096, 3072 * kMiB));
    TRY(within("options.front_uid", options.front_uid, 1, 0xfffffffe));
    TRY(within("options.front_gid", options.front_gid, 1, 0xfffffffe));
    if (options.state_dir.empty() || options.run_dir.empty())
        return fail(ErrorKind::InvalidArgument, "options.state_dir, options.run_dir: must not be empty");
    return {};
}

}  // namespace hotcell::dispatch
