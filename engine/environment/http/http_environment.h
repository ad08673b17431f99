// An environment whose program is an HTTP server: a custom runtime (docs/protocol/custom-runtime-http.md).
//
// Here: its start command, waiting for its port, calls as requests over kept connections, several at a time where the function
// allows it; what is said when it does not come up.
// Not here: the bytes of requests (server_request.h), one connection (server_connection.h), how healthy it is (health_monitor.h).
// Threads: the reactor's. Everything that comes out of the slot is hostile.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/environment/environment.h"
#include "engine/environment/http/answer_stream.h"
#include "engine/environment/http/connection_budget.h"
#include "engine/environment/http/health_monitor.h"
#include "engine/environment/http/server_connection.h"
#include "engine/environment/http/server_request.h"
#include "engine/environment/slots/builder_client.h"

namespace hotcell::environment {

struct ServerSetup {
    std::vector<std::string> command;      // argv
    bool named = false;                    // by the function; otherwise it is its bootstrap file
    std::vector<std::string> environment;  // NAME=value
    std::uint16_t port = 9000;
    std::string headers;  // lines that go with every request
    HealthCheck health;
    bool has_initializer = false;
    Nanos patience{};  // until its port is open
};

class HttpEnvironment final : public Environment {
public:
    HttpEnvironment(Reactor& reactor, WardenClient& warden, BuilderClient& builder, ConnectionBudget& budget,
                    std::unique_ptr<Slot> slot, EnvironmentSetup setup, ServerSetup server);

    bool is_healthy() const override { return health_.is_healthy(); }

private:
    struct Exchange {
        std::uint32_t kind = 0;  // HC_CALL_*
        bool idempotent = false;
        bool bodiless = false;  // its answer: it is a HEAD request
        std::string request;
        ServerConnection* connection = nullptr;
        bool repeated = false;
        std::unique_ptr<Timer> word;           // until the process's end would have been told
        std::unique_ptr<AnswerStream> stream;  // takes an answer that comes in pieces; null: none does
    };

    void bring_up() override;
    void code_attached() override;
    void put(std::uint64_t number, const CallInput& input) override;
    void has_died() override;
    void forget(std::uint64_t number) override;
    void let_go() override;
    void has_frozen() override { health_.rest(); }
    Error start_failure(Answer::Kind kind, int status) override;

    void on_ready(const hc_ready&) override {}
    void on_failed(const hc_failed& failed) override;
    void on_channel_end() override;

    void add_connections(std::vector<linux::UniqueFd> sockets);
    void probe();
    void port_opened();
    void ask_health(HealthMonitor::OnStatus done);
    void look_elsewhere(std::size_t next);
    void assign(std::uint64_t number);
    ServerConnection* find_kept();
    ServerConnection* find_free();
    void open_more();
    void connect(std::uint64_t number, ServerConnection& connection);
    void send(std::uint64_t number, ServerConnection& connection);
    void exchange_over(std::uint64_t number, ExchangeEnd end, HttpMessage message);
    void lost(std::uint64_t number, std::string why);
    void await_word(std::uint64_t number, Nanos patience, std::function<void()> without);
    void stream_over(std::uint64_t number);
    void client_closed(std::uint64_t number);
    void answered(std::uint64_t number, HttpMessage message);
    void fail_call(std::uint64_t number, std::string message, std::string_view type);
    void serve_waiting();
    std::string command_line() const;

    BuilderClient& builder_;
    ConnectionBudget& budget_;
    std::uint32_t extra_ = 0;  // connections, of the budget
    const ServerSetup server_;
    const RequestHead head_;
    std::vector<std::unique_ptr<ServerConnection>> connections_;
    std::map<std::uint64_t, Exchange> exchanges_;
    std::deque<std::uint64_t> waiting_;  // for a connection
    bool opening_ = false;
    bool launched_ = false;
    std::uint64_t launched_ns_ = 0;
    Nanos probe_interval_{};
    Timer probe_timer_;
    HealthMonitor health_;
    ServerConnection* asked_ = nullptr;  // for its health
    Timer health_timer_;
};

}  // namespace hotcell::environment
