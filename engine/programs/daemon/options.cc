#include "engine/programs/daemon/options.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "engine/api/wire/query.h"

namespace hotcell::daemon {

namespace {

/// An option whose value is a quantity with a unit, refused with the range.
template <class Value, class Parse>
void add_quantity(CLI::App& app, const std::string& name, Value& target, Parse parse, const std::string& help) {
    app.add_option_function<std::string>(
        "--" + name,
        [&target, parse, name](const std::string& text) {
            const auto value = parse(name, text);
            if (!value) throw CLI::ValidationError(value.error().message());
            target = *value;
        },
        help);
}

}  // namespace

std::expected<DaemonOptions, int> parse_options(int argc, char** argv) {
    DaemonOptions options;
    EngineOptions& engine = options.engine;
    CLI::App app("hotcelld: the engine behind a Unix socket. Starts as root, then gives every privilege up");
    app.set_version_flag("--version", "hotcelld " HOTCELL_VERSION);
    app.set_config("--config", "", "a file with the same names, one 'name=value' a line");
    app.add_option("--state-dir", engine.state_dir, "programs; kept over restarts")->capture_default_str();
    app.add_option("--run-dir", engine.run_dir, "sockets and locks; one engine a directory")->capture_default_str();
    app.add_option("--socket", options.socket, "where to listen (api.sock in the run directory)");
    app.add_option("--socket-group", options.group, "who may connect besides root")->capture_default_str();
    auto* listen = app.add_option("--listen", options.listen, "a TCP address too, 127.0.0.1:8000 or [::1]:8000 (none)");
    auto* token = app.add_option("--listen-token-file", options.listen_token_file,
                                 "a line that clients over TCP must show: Authorization: Bearer …");
    app.add_option("--listen-name", options.listen_names, "a name that clients over TCP may use beside the address")
        ->needs(listen)
        ->allow_extra_args(false);
    token->needs(listen);
    app.add_option("--keys", options.keys_file,
                   "access keys that may sign requests, a line each: ID SECRET [TOKEN]; its owner's alone");
    app.add_flag("--explain-signatures", options.explain_signatures,
                 "for debugging: a refused signature is shown the string that should have been signed");
    app.add_option("--uid", engine.front_uid, "what to become")
        ->capture_default_str()
        ->check(CLI::Range(1, 2147483647));
    app.add_option("--gid", engine.front_gid, "what to become")
        ->capture_default_str()
        ->check(CLI::Range(1, 2147483647));
    app.add_option("--libexec-dir", engine.libexec_dir, "of hotcell-warden and hotcell-init");
    app.add_option("--runtimes-dir", engine.runtimes_dir, "of the runtimes' manifests");
    app.add_option("--shims-dir", engine.shims_dir, "of the shims");
    app.add_option("--images-dir", engine.images_dir, "of root images, a folder per runtime")->capture_default_str();
    app.add_option("--pooled-slots", engine.pooled_slots, "kept ready per runtime and kind of start")
        ->capture_default_str()
        ->check(CLI::Range(0, 256));
    app.add_option("--concurrent-runs", engine.concurrent_runs, "further calls are refused")
        ->capture_default_str()
        ->check(CLI::Range(1, 4096));
    app.add_option("--connections", options.server.connections, "of all clients")
        ->capture_default_str()
        ->check(CLI::Range(1, 8192));
    app.add_option("--connections-per-uid", options.server.connections_per_uid, "of one user")
        ->capture_default_str()
        ->check(CLI::Range(1, 8192));
    app.add_option("--require-landlock", engine.require_landlock, "least ABI of Landlock, 0: what the kernel has")
        ->capture_default_str();
    const auto bytes = [](const std::string& name, const std::string& text) {
        return api::parse_bytes(name, text, Bytes{0}, Bytes{1ull << 50});
    };
    const auto duration = [](const std::string& name, const std::string& text) {
        return api::parse_duration(name, text, Millis(0), Millis(3'600'000));
    };
    add_quantity(app, "memory-budget", engine.memory_budget, bytes, "of all sandboxes together (3/4 of the machine's)");
    add_quantity(app, "tmp-size", engine.tmp_size, bytes, "of /tmp in every sandbox (64MiB)");
    add_quantity(app, "drain", options.drain, duration,
                 "what running programs get when the daemon is told to end (30s)");
    app.add_flag("-q,--quiet", options.quiet, "log warnings and errors only");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) { return std::unexpected(app.exit(error) == 0 ? 0 : 2); }
    if (!options.listen.empty() && options.listen_token_file.empty() && options.keys_file.empty()) {
        std::fputs("--listen requires --listen-token-file or --keys\n", stderr);
        return std::unexpected(2);
    }
    if (options.socket.empty()) options.socket = engine.run_dir + "/api.sock";
    return options;
}

}  // namespace hotcell::daemon
