#include "engine/programs/cli/function_options.h"

#include <CLI/CLI.hpp>

#include "engine/programs/cli/function_commands.h"
#include "engine/programs/cli/install_runtime.h"
#include "engine/programs/cli/instance_commands.h"
#include "engine/programs/cli/invoke_command.h"

namespace hotcell::cli {

struct FunctionCommands::State {
    DeployOptions deploy;
    InvokeOptions invoke;
    std::string target;  // of the others
    bool yes = false;
    CLI::App* given_deploy = nullptr;
    CLI::App* given_invoke = nullptr;
    CLI::App* given_ls = nullptr;
    CLI::App* given_rm = nullptr;
    CLI::App* given_instance_ls = nullptr;
    CLI::App* given_instance_evict = nullptr;
    CLI::App* given_runtime_ls = nullptr;
    CLI::App* given_runtime_install = nullptr;
    InstallOptions install;
};

namespace {

CLI::App* add_deploy(CLI::App& app, DeployOptions& options) {
    auto* command = app.add_subcommand("deploy", "create a function, or change it; what is not given stays");
    command->footer(
        "examples:\n"
        "  hotcell deploy img/resize --runtime python3 --handler index.handler --code ./resize\n"
        "  hotcell deploy img/resize --memory 256 --timeout 10 --env LEVEL=debug\n"
        "  hotcell deploy img/resize --code ./resize --dry-run\n"
        "  hotcell deploy img/resize --code ./resize --publish --alias prod");
    command->add_option("SERVICE/FUNCTION", options.target, "the service is created when it is missing")->required();
    command->add_option("--runtime", options.runtime, "hotcell runtime ls shows them");
    command->add_option("--handler", options.handler, "FILE.FUNCTION, as the runtime wants it");
    command->add_option("--initializer", options.initializer, "called once in every environment; '' removes it");
    command->add_option("--description", options.description, "words for people");
    command->add_option("--memory", options.memory, "MB, 128 when new; 256 or 256MiB");
    command->add_option("--timeout", options.timeout, "of a call, seconds, 3 when new; 10 or 10s");
    command->add_option("--initialization-timeout", options.initialization_timeout, "of the initializer, likewise");
    command->add_option("--env", options.environment, "NAME=VALUE, may be repeated; replaces all there were")
        ->allow_extra_args(false);
    command->add_option("--code", options.code, "a directory, a zip file, or one file");
    auto* publish = command->add_flag("--publish", options.publish, "publish a version of the service afterwards");
    command->add_option("--alias", options.alias, "that points at the version; made when it is missing")
        ->needs(publish);
    command->add_flag("--dry-run", options.dry_run, "show what would be done, and do nothing")->excludes(publish);
    return command;
}

CLI::App* add_invoke(CLI::App& app, InvokeOptions& options) {
    auto* command =
        app.add_subcommand("invoke", "call a function: its result on standard output, its log on standard error");
    command->footer(
        "examples:\n"
        "  hotcell invoke img/resize -e '{\"width\": 100}' --log\n"
        "  hotcell invoke img/resize -f picture.png --phases > small.png\n"
        "exit status: 1 when the function failed");
    command->add_option("SERVICE/FUNCTION", options.target, "with @QUALIFIER, else LATEST")->required();
    auto* text = command->add_option("-e,--event", options.event, "the event, as text");
    auto* file = command->add_option("-f,--event-file", options.event_file, "a file that holds the event");
    auto* input = command->add_flag("-s,--event-stdin", options.event_stdin, "the event comes on standard input");
    text->excludes(file)->excludes(input);
    file->excludes(input);
    auto* log = command->add_flag("--log", options.log, "print the end of the call's log, 4 KB at most");
    auto* phases = command->add_flag("--phases", options.phases, "print where the time went, on standard error");
    auto* async =
        command->add_flag("--async", options.asynchronous, "do not wait: print the id once the event is on the disk");
    async->excludes(log)->excludes(phases);
    command->add_option("--id", options.invocation_id, "keep a record of the call under this name (hotcell async)")
        ->needs(async);
    command->add_option("--delay", options.delay, "seconds until it is made, 0..3600")->needs(async);
    return command;
}

}  // namespace

FunctionCommands::FunctionCommands(CLI::App& app) : state_(std::make_unique<State>()) {
    State& state = *state_;
    state.given_deploy = add_deploy(app, state.deploy);
    state.given_invoke = add_invoke(app, state.invoke);
    state.given_ls = app.add_subcommand("ls", "functions of all services, or of one");
    state.given_ls->add_option("SERVICE", state.target, "all when left out");
    state.given_rm = app.add_subcommand("rm", "remove a function, or a service without functions");
    state.given_rm->add_option("SERVICE[/FUNCTION]", state.target)->required();
    state.given_rm->add_flag("-y,--yes", state.yes, "do not ask");
    auto* instance =
        app.add_subcommand("instance", "the environments that stand")->require_subcommand(1)->fallthrough();
    state.given_instance_ls = instance->add_subcommand("ls", "which there are and what they do");
    state.given_instance_ls->add_option("SERVICE[/FUNCTION]", state.target, "all when left out");
    state.given_instance_evict = instance->add_subcommand("evict", "end them; the next call starts anew");
    state.given_instance_evict->add_option("SERVICE[/FUNCTION]", state.target)->required();
    auto* runtime = app.add_subcommand("runtime", "the runtimes as installed")->require_subcommand(1)->fallthrough();
    state.given_runtime_ls = runtime->add_subcommand("ls", "which there are, and the names they answer to");
    state.given_runtime_install =
        runtime->add_subcommand("install", "build its root image from Debian packages; needs root, no daemon");
    state.given_runtime_install->add_option("RUNTIME", state.install.runtime, "as runtime ls names it")->required();
    state.given_runtime_install
        ->add_option("--images-dir", state.install.images_dir, "what hotcelld --images-dir names")
        ->capture_default_str();
    state.given_runtime_install->add_option("--squashfs", state.install.squashfs, "pack it into this file, too");
    state.given_runtime_install->add_option("--mirror", state.install.mirror, "a Debian mirror (that of /etc/apt)");
    for (auto* command :
         {state.given_instance_ls, state.given_instance_evict, state.given_runtime_ls, state.given_runtime_install})
        command->fallthrough();
}

FunctionCommands::~FunctionCommands() = default;

bool FunctionCommands::parsed() const {
    for (const auto* command :
         {state_->given_deploy, state_->given_invoke, state_->given_ls, state_->given_rm, state_->given_instance_ls,
          state_->given_instance_evict, state_->given_runtime_ls, state_->given_runtime_install})
        if (command->parsed()) return true;
    return false;
}

Outcome<int> FunctionCommands::run(const Host& host, bool as_json) {
    State& state = *state_;
    if (state.given_deploy->parsed()) return deploy_function(host, state.deploy, as_json);
    if (state.given_ls->parsed()) return list_functions(host, state.target, as_json);
    if (state.given_rm->parsed()) return remove_target(host, state.target, state.yes);
    if (state.given_instance_ls->parsed()) return list_instances(host, state.target, as_json);
    if (state.given_instance_evict->parsed()) return evict_instances(host, state.target, as_json);
    if (state.given_runtime_ls->parsed()) return list_runtimes(host, as_json);
    if (state.given_runtime_install->parsed()) return install_runtime(state.install);
    state.invoke.as_json = as_json;
    return invoke_function(host, state.invoke);
}

}  // namespace hotcell::cli
