#include "engine/dispatch/new_environment.h"

#include "engine/environment/channel/shim_environment.h"
#include "engine/environment/http/http_environment.h"
#include "engine/environment/runtime_api/runtime_api_environment.h"

namespace hotcell::dispatch {

using environment::Environment;
using environment::EnvironmentSetup;
using environment::Loaded;
using environment::Manifest;

namespace {

std::vector<std::string> lines_of(const std::map<std::string, std::string>& environment) {
    std::vector<std::string> lines;
    for (const auto& [name, value] : environment) lines.push_back(name + "=" + value);
    return lines;
}

/// What the runtime starts where the function names no command.
std::vector<std::string> usual_command(const Manifest& manifest, const FunctionSettings& function) {
    const auto special = manifest.function->commands.find(function.runtime);
    auto command = special == manifest.function->commands.end() ? manifest.function->command : special->second;
    constexpr std::string_view kHandler = "{handler}";
    for (std::string& argument : command)
        if (const auto at = argument.find(kHandler); at != std::string::npos)
            argument.replace(at, kHandler.size(), function.handler);
    return command;
}

environment::ShimSetup shim_of(const Manifest& manifest, const Loaded& loaded, StartKind start) {
    environment::ShimSetup shim{.runtime = manifest.name,
                                .load = environment::load_document(manifest, loaded),
                                .shim = {},
                                .shim_environment = {},
                                .shared_memory = manifest.function->shared_memory};
    if (start == StartKind::Exec) {
        shim.shim = manifest.function->shim;
        shim.shim_environment = lines_of(manifest.function->environment);
    }
    return shim;
}

environment::ServerSetup server_of(const Manifest& manifest, const Loaded& loaded) {
    const FunctionSettings& function = loaded.function.settings;
    environment::ServerSetup server;
    server.command = function.custom.command;
    server.command.insert(server.command.end(), function.custom.arguments.begin(), function.custom.arguments.end());
    server.named = !server.command.empty();
    if (!server.named) server.command = usual_command(manifest, function);
    server.port = function.port;
    server.health = function.health;
    server.has_initializer = !function.initializer.empty();
    server.headers = environment::common_headers(loaded);
    auto variables = environment::process_environment(manifest, loaded);
    for (const char* name : {"FC_CUSTOM_LISTEN_PORT", "FC_SERVER_PORT"}) variables[name] = std::to_string(server.port);
    server.environment = lines_of(variables);
    return server;
}

environment::ApiSetup api_of(const Manifest& manifest, const Loaded& loaded) {
    const FunctionSettings& function = loaded.function.settings;
    environment::ApiSetup api;
    api.command = usual_command(manifest, function);
    auto variables = environment::process_environment(manifest, loaded);
    environment::add_api_variables(variables, loaded);
    api.environment = lines_of(variables);
    api.identity = environment::api_identity(loaded);
    api.speaks_lambda = function.runtime.starts_with("provided");
    return api;
}

}  // namespace

std::shared_ptr<Environment> make_environment(const EnvironmentParts& parts, GivenSlot given, StartKind start,
                                              const Manifest& manifest, const Loaded& loaded,
                                              std::shared_ptr<telemetry::InstanceLog> lines) {
    const FunctionSettings& function = loaded.function.settings;
    const bool side_by_side = manifest.function->speaks != environment::Speech::Frames;
    EnvironmentSetup setup{.code_name = loaded.function.code.name,
                           .opt_name = loaded.function.code.layers,
                           .memory = mebibytes(function.memory_mib),
                           .memory_as_built = given.memory_limit,
                           .most_result = kMostResult,
                           .most_log = kMostLog,
                           .concurrency = side_by_side ? function.concurrency : 1,
                           .lines = std::move(lines)};
    if (manifest.function->speaks == environment::Speech::Http) {
        environment::ServerSetup server = server_of(manifest, loaded);
        server.patience = parts.server_start_timeout;
        return std::make_shared<environment::HttpEnvironment>(parts.reactor, parts.warden, parts.builder,
                                                              parts.connections, std::move(given.slot),
                                                              std::move(setup), std::move(server));
    }
    if (manifest.function->speaks == environment::Speech::RuntimeApi)
        return std::make_shared<environment::RuntimeApiEnvironment>(parts.reactor, parts.warden, parts.connections,
                                                                    std::move(given.slot), std::move(setup),
                                                                    api_of(manifest, loaded));
    return std::make_shared<environment::ShimEnvironment>(parts.reactor, parts.warden, std::move(given.slot),
                                                          std::move(setup), shim_of(manifest, loaded, start));
}

}  // namespace hotcell::dispatch
