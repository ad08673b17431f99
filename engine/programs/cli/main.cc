// hotcell: the command line. Options to commands; the commands are in the files beside this one.
#include <curl/curl.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "engine/programs/cli/async_commands.h"
#include "engine/programs/cli/engine_commands.h"
#include "engine/programs/cli/function_options.h"
#include "engine/programs/cli/function_status.h"
#include "engine/programs/cli/log_command.h"
#include "engine/programs/cli/resource_options.h"
#include "engine/programs/cli/run_command.h"

namespace hotcell::cli {

namespace {

struct Options {
    std::string host;
    std::string output = "table";
    RunOptions run;

    bool as_json() const { return output == "json"; }
};

std::string from_environment(const char* name, const char* otherwise) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0' ? value : otherwise;
}

CLI::App* add_run(CLI::App& app, RunOptions& run) {
    auto* command = app.add_subcommand("run", "run a program in a sandbox of its own");
    command->footer(
        "examples:\n"
        "  hotcell run ./wordfreq --event @text.txt -- 10\n"
        "  hotcell run statistics.py --event - --start zygote --phases < text.txt\n"
        "  hotcell run ./a.out --memory 64MiB --timeout 500ms -o json\n"
        "exit status: the program's own; 128 + N when signal N ended it (137: also out of memory); 124 timed out;\n"
        "  125 it was not started; 126 FILE or event cannot be read; 127 FILE or event does not exist");
    command->add_option("FILE", run.file, "executable, or script of the runtime")->required();
    command->add_option("ARGS", run.arguments, "the program's arguments, after --");
    command->add_option("--runtime", run.runtime,
                        "custom, python3 … (by the name of FILE: .py is python3, else custom)");
    command->add_option("-e,--event", run.event, "standard input of the program: TEXT, @FILE, or - for standard input");
    command->add_option("--env", run.environment, "NAME=VALUE, may be repeated")->allow_extra_args(false);
    command->add_flag("--phases", run.phases, "print where the time went, on standard error");
    constexpr std::pair<const char*, const char*> kLimits[][1] = {{{"--start", "exec, zygote, auto"}},
                                                                  {{"--slot", "pooled, fresh, any"}},
                                                                  {{"--memory", "4MiB..3GiB, 128MiB"}},
                                                                  {{"--tmp", "size of /tmp, 64MiB"}},
                                                                  {{"--processes", "1..1024, 64"}},
                                                                  {{"--timeout", "1ms..600s, 3s"}},
                                                                  {{"--max-output", "kept of standard output, 6MiB"}},
                                                                  {{"--max-log", "kept of standard error, 1MiB"}}};
    for (const auto& [limit] : kLimits) {
        std::string field = std::string(limit.first).substr(2);
        if (field.starts_with("max-")) field = field.substr(4);
        command->add_option_function<std::string>(
            limit.first, [&run, field](const std::string& value) { run.limits.emplace_back(field, value); },
            limit.second);
    }
    return command;
}

int report(const Failure& failure, bool as_json, bool running) {
    std::fputs(text_of(failure, as_json).c_str(), stderr);
    if (!running || failure.exit_status >= kRunFailed) return failure.exit_status;
    return kRunFailed;
}

int run(int argc, char** argv) {
    Options options;
    options.host = from_environment("HOTCELL_HOST", "");
    options.output = from_environment("HOTCELL_OUTPUT", "table");
    CLI::App app("runs untrusted functions and programs in sandboxes of their own");
    app.set_version_flag("--version", "hotcell " HOTCELL_VERSION);
    app.add_option("--host", options.host,
                   "unix:///run/hotcell/api.sock or http://127.0.0.1:PORT (HOTCELL_HOST; HOTCELL_TOKEN)");
    app.add_option("-o,--output", options.output, "table or json (HOTCELL_OUTPUT)")
        ->check(CLI::IsMember({"table", "json"}));
    app.require_subcommand(1);
    app.fallthrough();  // --host and -o stand before or after the command
    const auto* run_command = add_run(app, options.run);
    FunctionCommands functions(app);
    const AsyncCommands async(app);
    const LogCommand logs(app);
    std::string status_target;
    auto* status = app.add_subcommand("status", "alone: pools, confinement and features of the running engine");
    status->add_option("SERVICE/FUNCTION", status_target, "what is deployed, what stands, how calls went");
    auto* version = app.add_subcommand(
        "version", "alone: versions of this program and of the running engine; below it, versions of a service");
    ResourceCommands resources(app, *version);
    const auto* doctor =
        app.add_subcommand("doctor", "what this machine offers to sandboxes, with reasons; needs no daemon");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const int status_of_parser = app.exit(error);
        if (status_of_parser == 0) return kSuccess;  // --help, --version
        return argc > 1 && std::string_view(argv[1]) == "run" ? kRunFailed : kUsage;
    }
    const auto host = Host::parse(options.host);
    if (!host) return report(host.error(), options.as_json(), run_command->parsed());
    options.run.as_json = options.as_json();
    Outcome<int> outcome = kSuccess;
    if (run_command->parsed()) outcome = run_program(*host, options.run);
    if (async.parsed()) outcome = async.run(*host, options.as_json());
    if (functions.parsed()) outcome = functions.run(*host, options.as_json());
    if (logs.parsed()) outcome = logs.run(*host, options.as_json());
    if (status->parsed())
        outcome = status_target.empty() ? show_status(*host, options.as_json())
                                        : show_function_status(*host, status_target, options.as_json());
    if (resources.parsed())
        outcome = resources.run(*host, options.as_json());
    else if (version->parsed())
        outcome = show_version(*host, options.as_json());
    if (doctor->parsed()) outcome = examine_machine(*host, options.as_json());
    return outcome ? *outcome : report(outcome.error(), options.as_json(), run_command->parsed());
}

}  // namespace

}  // namespace hotcell::cli

int main(int argc, char** argv) {
    ::curl_global_init(CURL_GLOBAL_NOTHING);
    const int status = hotcell::cli::run(argc, argv);
    return std::fflush(stdout) == 0 ? status : 1;
}
