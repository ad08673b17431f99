#include "engine/programs/cli/function_commands.h"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdio>

#include "engine/api/wire/base64.h"
#include "engine/api/wire/query.h"
#include "engine/programs/cli/deploy_plan.h"
#include "engine/programs/cli/json_answer.h"
#include "engine/programs/cli/output.h"
#include "engine/programs/cli/package.h"
#include "engine/programs/cli/release_commands.h"
#include "engine/programs/cli/target.h"

namespace hotcell::cli {

namespace json = boost::json;

namespace {

constexpr const char* kServices = "/2016-08-15/services";

json::string json_text(std::string_view value) { return json::string(value.data(), value.size()); }

std::unexpected<Failure> refused(std::string message) {
    return std::unexpected(Failure{kRefused, "InvalidArgument", std::move(message)});
}

bool is_number(const std::string& text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

/// "128" is megabytes as FC counts them, "128MiB" says so itself.
Outcome<std::uint64_t> mebibytes_of(const std::string& text) {
    const auto bytes = api::parse_bytes("memory", is_number(text) ? text + "MiB" : text, Bytes{0}, mebibytes(1 << 20));
    if (!bytes) return refused(bytes.error().message());
    if (bytes->count % (1 << 20) != 0) return refused("memory: must be whole MiB, not \"" + text + "\"");
    return bytes->count >> 20;
}

/// "3" is seconds as FC counts them, "3s" and "2m" say so themselves.
Outcome<std::uint64_t> seconds_of(const std::string& name, const std::string& text) {
    const auto time = api::parse_duration(name, is_number(text) ? text + "s" : text, Millis(0), Millis(1'000'000'000));
    if (!time) return refused(time.error().message());
    if (time->count() % 1'000 != 0) return refused(name + ": must be whole seconds, not \"" + text + "\"");
    return static_cast<std::uint64_t>(time->count() / 1'000);
}

Outcome<json::object> environment_of(const std::vector<std::string>& variables) {
    json::object environment;
    for (const auto& variable : variables) {
        const auto equals = variable.find('=');
        if (equals == 0 || equals == std::string::npos)
            return refused("env: must be NAME=VALUE, not \"" + variable + "\"");
        environment[variable.substr(0, equals)] = json_text(std::string_view(variable).substr(equals + 1));
    }
    return environment;
}

/// The document without the code.
Outcome<json::object> describe(const DeployOptions& options) {
    json::object out;
    const std::pair<const char*, const std::optional<std::string>&> kTexts[] = {{"runtime", options.runtime},
                                                                                {"handler", options.handler},
                                                                                {"initializer", options.initializer},
                                                                                {"description", options.description}};
    for (const auto& [name, text] : kTexts)
        if (text) out[name] = json_text(*text);
    if (options.memory) {
        const auto memory = mebibytes_of(*options.memory);
        if (!memory) return std::unexpected(memory.error());
        out["memorySize"] = *memory;
    }
    const std::pair<const char*, const std::optional<std::string>&> kTimes[] = {
        {"timeout", options.timeout}, {"initializationTimeout", options.initialization_timeout}};
    for (const auto& [name, text] : kTimes) {
        if (!text) continue;
        const auto seconds = seconds_of(name, *text);
        if (!seconds) return std::unexpected(seconds.error());
        out[name] = *seconds;
    }
    if (options.environment.empty()) return out;
    auto environment = environment_of(options.environment);
    if (!environment) return std::unexpected(environment.error());
    out["environmentVariables"] = std::move(*environment);
    return out;
}

/// The document with the code put in as text: a package is not copied through a tree of values.
std::string with_code(json::object out, const std::optional<std::string>& package) {
    if (!package) return json::serialize(out);
    out["code"] = nullptr;  // last, since it was not there
    std::string document = json::serialize(out);
    document.resize(document.size() - std::string_view("null}").size());
    return document + "{\"zipFile\":\"" + api::base64(*package) + "\"}}";
}

Outcome<Answer> create(const Host& host, const Target& target, json::object function,
                       const std::optional<std::string>& package) {
    function["functionName"] = json_text(target.function);
    return send(host, {"POST",
                       Target{target.service, "", ""}.path() + "/functions",
                       with_code(std::move(function), package),
                       {"Content-Type: application/json"}});
}

Outcome<Answer> create_service(const Host& host, const std::string& name) {
    auto made = send(host, {"POST",
                            kServices,
                            json::serialize(json::object{{"serviceName", json_text(name)}}),
                            {"Content-Type: application/json"}});
    if (!made && made.error().code == "ServiceAlreadyExists") return Answer{};
    return made;
}

/// Which of the three it was is told in `done`.
Outcome<Answer> put(const Host& host, const Target& target, const json::object& function,
                    const std::optional<std::string>& package, std::string& done) {
    const auto present = get(host, target.path());
    if (present) {
        done = "changed";
        return send(host, {"PUT", target.path(), with_code(function, package), {"Content-Type: application/json"}});
    }
    if (present.error().exit_status != kNotFound) return present;
    done = "created";
    if (present.error().code == "ServiceNotFound") {
        const auto service = create_service(host, target.service);
        if (!service) return service;
    }
    return create(host, target, function, package);
}

Outcome<int> tell(const Answer& answer, const Target& target, const std::string& done, bool as_json) {
    if (as_json) {
        write_bytes(stdout, answer.body + "\n");
        return kSuccess;
    }
    const auto now = object_in(answer, target.path());
    if (!now) return std::unexpected(now.error());
    fmt::print("{} {}: {} {}, memory {} MB, timeout {} s, code {} bytes (checksum {})\n", done, target.shown(),
               text_of(*now, "runtime"), text_of(*now, "handler"), text_of(*now, "memorySize"),
               text_of(*now, "timeout"), text_of(*now, "codeSize"), text_of(*now, "codeChecksum"));
    return kSuccess;
}

}  // namespace

Outcome<int> deploy_function(const Host& host, const DeployOptions& options, bool as_json) {
    const auto target = parse_target(options.target, true);
    if (!target) return std::unexpected(target.error());
    if (!target->qualifier.empty() && target->qualifier != "LATEST")
        return refused("target: only LATEST can be changed, not \"" + target->qualifier + "\"");
    const auto function = describe(options);
    if (!function) return std::unexpected(function.error());
    std::optional<std::string> package;
    if (options.code) {
        auto made = make_package(*options.code);
        if (!made) return std::unexpected(made.error());
        package = std::move(*made);
    }
    if (options.dry_run) return show_plan(host, *target, *function, package, as_json);
    std::string done;
    const auto answer = put(host, *target, *function, package, done);
    if (!answer) return std::unexpected(answer.error());
    if (const auto told = tell(*answer, *target, done, as_json); !told) return told;
    if (!options.publish) return kSuccess;
    return publish_version(host, target->service, options.description.value_or(""), options.alias, as_json);
}

Outcome<int> list_functions(const Host& host, const std::string& service, bool as_json) {
    std::vector<std::string> names{service};
    if (service.empty()) {
        const auto services = get_list(host, kServices, "services");
        if (!services) return std::unexpected(services.error());
        names.clear();
        for (const auto& item : *services)
            if (item.is_object()) names.push_back(text_of(item.get_object(), "serviceName"));
    }
    std::vector<Row> rows{{"SERVICE", "FUNCTION", "RUNTIME", "HANDLER", "MEMORY", "TIMEOUT", "CHANGED"}};
    json::array all;
    for (const auto& name : names) {
        auto functions = get_list(host, Target{name, "", ""}.path() + "/functions", "functions");
        if (!functions) return std::unexpected(functions.error());
        for (auto& item : *functions) {
            if (!item.is_object()) continue;
            auto& function = item.get_object();
            rows.push_back({name, text_of(function, "functionName"), text_of(function, "runtime"),
                            text_of(function, "handler"), text_of(function, "memorySize") + " MB",
                            text_of(function, "timeout") + " s", text_of(function, "lastModifiedTime")});
            function["serviceName"] = json_text(name);
            all.push_back(std::move(item));
        }
    }
    if (as_json)
        write_bytes(stdout, json::serialize(all) + "\n");
    else
        print_table(rows);
    return kSuccess;
}

Outcome<int> remove_target(const Host& host, const std::string& text, bool yes) {
    const auto target = parse_target(text, false);
    if (!target) return std::unexpected(target.error());
    if (!yes && ::isatty(STDIN_FILENO) == 0)
        return std::unexpected(
            Failure{kUsage, "InvalidArgument", "rm: nobody can be asked on this standard input", "say --yes"});
    if (!yes) {
        fmt::print(stderr, "remove {}? [y/N] ", target->shown());
        const int answer = std::getchar();
        if (answer != 'y' && answer != 'Y') return kSuccess;
    }
    const auto gone = send(host, {"DELETE", target->path()});
    if (!gone) return std::unexpected(gone.error());
    return kSuccess;
}

}  // namespace hotcell::cli
