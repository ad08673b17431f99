#include "engine/programs/daemon/daemon.h"

#include <grp.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <filesystem>
#include <memory>
#include <optional>
#include <thread>

#include "engine/api/routes/router.h"
#include "engine/api/server/server.h"
#include "engine/base/result.h"
#include "engine/linux/features.h"
#include "engine/linux/sockets/sockets.h"
#include "engine/linux/sockets/tcp_listener.h"
#include "engine/linux/sockets/unix_listener.h"
#include "engine/programs/daemon/engine_calls.h"
#include "engine/programs/daemon/engine_service.h"
#include "engine/programs/daemon/jail.h"
#include "engine/programs/daemon/key_file.h"
#include "engine/programs/daemon/token_file.h"
#include "engine/programs/daemon/worker.h"

namespace hotcell::daemon {

namespace {

void set_up_log(bool quiet) {
    auto log = spdlog::stderr_logger_mt("hotcelld");
    log->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);  // UTC: the jail has no time zones
    log->set_level(quiet ? spdlog::level::warn : spdlog::level::info);
    spdlog::set_default_logger(std::move(log));
}

/// The group that may connect; only root and the daemon itself when there is none of that name.
gid_t group_of(const DaemonOptions& options) {
    const ::group* found = ::getgrnam(options.group.c_str());
    return found != nullptr ? found->gr_gid : options.engine.front_gid;
}

JailOptions jail_of(const DaemonOptions& options) {
    JailOptions jail;
    jail.directories = {std::filesystem::absolute(options.engine.state_dir).lexically_normal(),
                        std::filesystem::absolute(options.engine.run_dir).lexically_normal()};
    jail.uid = options.engine.front_uid;
    jail.gid = options.engine.front_gid;
    return jail;
}

/// Waits for SIGTERM, SIGINT or the end of the privileged helper. The exit status that follows.
int wait_for_the_end(boost::asio::io_context& events, boost::asio::signal_set& signals, Engine& engine) {
    int status = 0;
    signals.async_wait([&](const boost::system::error_code& error, int number) {
        if (!error) spdlog::info("signal {}: draining", number);
        events.stop();
    });
    engine.on_broken([&](const Error& error) {
        boost::asio::post(events, [&events, &status, words = error.message()] {
            spdlog::error("{}", words);
            status = 1;
            events.stop();
        });
    });
    events.run();
    return status;
}

using Keys = std::shared_ptr<const api::signing::KeyRing>;

/// The loop that connections and environments share, and its thread.
class LoopThread {
public:
    LoopThread() = default;
    ~LoopThread() {
        loop_->stop();
        thread_.join();
    }
    LoopThread(const LoopThread&) = delete;
    EventLoop& loop() const { return *loop_; }

private:
    const std::unique_ptr<EventLoop> loop_ = std::make_unique<EventLoop>();
    std::thread thread_{[this] {
        linux::block_signals_of_this_thread();
        loop_->run();
    }};
};

struct TcpDoor {
    linux::TcpListener listener;
    api::Access access;
};

/// Token and keys are read and the socket made before the jail, which has neither files of the host nor network sockets.
Result<TcpDoor> open_tcp(const DaemonOptions& options, const Keys& keys) {
    TcpDoor door;
    door.access.keys = keys;
    door.access.explain = options.explain_signatures;
    if (!options.listen_token_file.empty()) door.access.token = TRY(read_token(options.listen_token_file));
    door.listener = TRY(linux::listen_at_tcp(options.listen));
    door.access.hosts = door.listener.hosts;
    for (const auto& name : options.listen_names)
        door.access.hosts.push_back(name + ":" + std::to_string(door.listener.port));
    return door;
}

/// Whoever could connect to the Unix socket may talk; a signature that is shown must be right all the same.
std::optional<api::Access> access_of_local(const DaemonOptions& options, const Keys& keys) {
    if (keys->size() == 0) return std::nullopt;
    return api::Access{.keys = keys, .needs_proof = false, .explain = options.explain_signatures};
}

Result<int> serve(const DaemonOptions& options) {
    const linux::ServiceManager manager;
    auto listeners = TRY(linux::take_passed_listeners());  // first: no child may inherit them
    EngineOptions engine_options = options.engine;
    engine_options.log = [](std::string_view line) { spdlog::info("{}", line); };
    auto prepared = TRY(Engine::prepare(std::move(engine_options)));
    const bool passed = !listeners.empty();
    if (!passed)
        listeners.push_back(TRY(linux::listen_at(options.socket, {options.engine.front_uid, group_of(options), 0660})));
    const Keys keys = TRY(read_keys(options.keys_file));
    std::optional<TcpDoor> tcp;
    if (!options.listen.empty()) tcp = TRY(open_tcp(options, keys));
    auto machine = linux::describe_features();
    TRY(enter_jail(jail_of(options)));

    boost::asio::io_context events(1);  // outlives the engine, which may still report its end into it
    boost::asio::signal_set signals(events, SIGTERM, SIGINT);  // before anybody is told that it is up
    const LoopThread loop;  // requests and environments: a call goes through one thread
    Engine engine = TRY(std::move(prepared).start(loop.loop()));
    EngineService service(engine, std::move(machine));
    EngineCalls calls(engine);
    Worker worker;
    const api::Router router({.run = service,
                              .catalog = &engine.catalog(),
                              .calls = &calls,
                              .later = [&](std::function<void()> work) { worker.later(std::move(work)); },
                              .link_key = &keys->own()});
    api::Server server(loop.loop(), router, options.server);
    for (auto& listener : listeners) TRY(server.listen_on(std::move(listener), access_of_local(options, keys)));
    if (tcp) TRY(server.listen_on(std::move(tcp->listener.fd), std::move(tcp->access)));
    server.start();
    spdlog::info("hotcelld {} listens at {}", HOTCELL_VERSION, passed ? "the socket it was passed" : options.socket);
    if (tcp) spdlog::info("and at {} for those who show the token or sign with a key", tcp->listener.shown);
    manager.tell("READY=1");

    const int status = wait_for_the_end(events, signals, engine);
    manager.tell("STOPPING=1");
    server.stop_accepting();
    engine.drain(options.drain);
    worker.finish();  // its answers go to the server
    if (!server.finish(Millis(2'000))) spdlog::warn("some answers were not read to their end");
    std::error_code ignored;
    if (!passed)
        std::filesystem::remove(options.socket, ignored);  // succeeds where the socket lies in the run directory
    return status;
}

}  // namespace

int run_daemon(const DaemonOptions& options) {
    set_up_log(options.quiet);
    std::signal(SIGPIPE, SIG_IGN);
    const auto status = serve(options);
    if (status) return *status;
    spdlog::error("{}", status.error().message());
    return 1;
}

}  // namespace hotcell::daemon
