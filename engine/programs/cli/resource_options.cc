#include "engine/programs/cli/resource_options.h"

#include <CLI/CLI.hpp>
#include <functional>
#include <utility>
#include <vector>

#include "engine/programs/cli/attachment_commands.h"
#include "engine/programs/cli/release_commands.h"

namespace hotcell::cli {

struct ResourceCommands::State {
    std::string target;
    std::string name;
    std::string description;
    std::string alias;
    AliasOptions set;
    TriggerOptions trigger;
    LayerOptions layer;
    std::vector<std::pair<CLI::App*, std::function<Outcome<int>(const Host& host, bool as_json)>>> commands;

    CLI::App* add(CLI::App* group, const char* name_of_it, const char* help,
                  std::function<Outcome<int>(const Host& host, bool as_json)> run) {
        auto* command = group->add_subcommand(name_of_it, help)->fallthrough();
        commands.emplace_back(command, std::move(run));
        return command;
    }
};

namespace {

CLI::App* group(CLI::App& app, const char* name, const char* help) {
    return app.add_subcommand(name, help)->require_subcommand(1)->fallthrough();
}

}  // namespace

ResourceCommands::ResourceCommands(CLI::App& app, CLI::App& version) : state_(std::make_unique<State>()) {
    State& state = *state_;
    version.require_subcommand(0, 1);
    auto* publish =
        state.add(&version, "publish", "keep the service as it is now, for good", [&](const Host& host, bool as_json) {
            return publish_version(host, state.target, state.description, state.alias, as_json);
        });
    publish->add_option("SERVICE", state.target)->required();
    publish->add_option("--description", state.description, "words for people");
    publish->add_option("--alias", state.alias, "that points at the version afterwards; made when it is missing");
    auto* versions =
        state.add(&version, "ls", "the versions of a service, newest first",
                  [&](const Host& host, bool as_json) { return list_versions(host, state.target, as_json); });
    versions->add_option("SERVICE", state.target)->required();
    auto* forget = state.add(&version, "rm", "remove a version",
                             [&](const Host& host, bool) { return remove_version(host, state.target, state.name); });
    forget->add_option("SERVICE", state.target)->required();
    forget->add_option("VERSION", state.name)->required();

    auto* alias = group(app, "alias", "names that point at versions");
    auto* set = state.add(alias, "set", "point an alias at a version, or give a version a share of its calls",
                          [&](const Host& host, bool as_json) { return set_alias(host, state.set, as_json); });
    set->footer(
        "examples:\n"
        "  hotcell alias set img/prod --version 1               all calls to version 1\n"
        "  hotcell alias set img/prod --version 2 --weight 10   10 % to version 2, the rest stays with version 1\n"
        "  hotcell alias promote img/prod                       all calls to version 2\n"
        "  hotcell alias rollback img/prod                      version 2 gets none any more");
    set->add_option("SERVICE/ALIAS", state.set.target, "made when it is missing")->required();
    set->add_option("--version", state.set.version, "its id, or LATEST")->required();
    set->add_option("--weight", state.set.weight,
                    "per cent of the calls that this version gets, beside the present one")
        ->check(CLI::Range(0.0, 100.0));
    set->add_option("--description", state.set.description, "words for people");
    const auto add_alias = [&](const char* name, const char* help, auto run) {
        state.add(alias, name, help, run)->add_option("SERVICE/ALIAS", state.target)->required();
    };
    add_alias("promote", "the version that gets a share gets all calls",
              [&](const Host& host, bool as_json) { return promote_alias(host, state.target, as_json); });
    add_alias("rollback", "take the share back; without one, point at the version before the present one",
              [&](const Host& host, bool as_json) { return roll_alias_back(host, state.target, as_json); });
    add_alias("rm", "remove an alias; its versions stay",
              [&](const Host& host, bool) { return remove_alias(host, state.target); });
    state
        .add(alias, "ls", "the aliases of a service",
             [&](const Host& host, bool as_json) { return list_aliases(host, state.target, as_json); })
        ->add_option("SERVICE", state.target)
        ->required();

    auto* trigger = group(app, "trigger", "what calls a function over HTTP");
    auto* create =
        state.add(trigger, "create", "give a function an address of its own",
                  [&](const Host& host, bool as_json) { return create_trigger(host, state.trigger, as_json); });
    create->add_option("SERVICE/FUNCTION", state.trigger.target, "with @QUALIFIER, else LATEST")->required();
    create->add_option("NAME", state.trigger.name)->required();
    create->add_option("--auth", state.trigger.auth, "anonymous, or function: requests are signed")
        ->capture_default_str();
    create->add_option("--methods", state.trigger.methods, "GET,POST,PUT,DELETE,HEAD,PATCH,OPTIONS")
        ->delimiter(',')
        ->capture_default_str();
    auto* triggers = state.add(trigger, "ls", "the triggers of a function", [&](const Host& host, bool as_json) {
        return list_triggers(host, state.target, as_json);
    });
    triggers->add_option("SERVICE/FUNCTION", state.target)->required();
    auto* detach = state.add(trigger, "rm", "remove a trigger",
                             [&](const Host& host, bool) { return remove_trigger(host, state.target, state.name); });
    detach->add_option("SERVICE/FUNCTION", state.target)->required();
    detach->add_option("NAME", state.name)->required();

    auto* layer = group(app, "layer", "files that functions share, at /opt");
    auto* put = state.add(layer, "publish", "make the next version of a layer",
                          [&](const Host& host, bool as_json) { return publish_layer(host, state.layer, as_json); });
    put->add_option("NAME", state.layer.name)->required();
    put->add_option("--code", state.layer.code, "a directory or a zip file")->required();
    put->add_option("--description", state.layer.description, "words for people");
    put->add_option("--runtime", state.layer.runtimes, "that it is made for; may be repeated")->allow_extra_args(false);
    state
        .add(layer, "ls", "all layers, or the versions of one",
             [&](const Host& host, bool as_json) { return list_layers(host, state.target, as_json); })
        ->add_option("NAME", state.target, "all when left out");
    auto* drop = state.add(layer, "rm", "remove a version of a layer",
                           [&](const Host& host, bool) { return remove_layer(host, state.target, state.name); });
    drop->add_option("NAME", state.target)->required();
    drop->add_option("VERSION", state.name)->required();
}

ResourceCommands::~ResourceCommands() = default;

bool ResourceCommands::parsed() const {
    for (const auto& [command, run] : state_->commands)
        if (command->parsed()) return true;
    return false;
}

Outcome<int> ResourceCommands::run(const Host& host, bool as_json) {
    for (const auto& [command, run] : state_->commands)
        if (command->parsed()) return run(host, as_json);
    return kSuccess;
}

}  // namespace hotcell::cli
