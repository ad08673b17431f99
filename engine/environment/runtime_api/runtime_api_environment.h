// An environment whose program asks for its calls over HTTP: FC's and Lambda's runtime APIs (docs/protocol/runtime-api.md).
//
// Here: the program's start, the connections it makes, which call it is given and what it may say of it.
// Not here: how the two APIs differ (dialect.h), bytes (api_connection.h).
// Threads: the reactor's. Everything that comes out of the slot is hostile.
#pragma once

#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/environment/http/connection_budget.h"
#include "engine/environment/runtime_api/api_connection.h"
#include "engine/environment/runtime_api/dialect.h"

namespace hotcell::environment {

struct ApiSetup {
    std::vector<std::string> command;      // argv
    std::vector<std::string> environment;  // NAME=value
    ApiIdentity identity;
    bool speaks_lambda = false;                  // what is said of its failures
    Nanos patience = std::chrono::seconds(120);  // until it asks for its first call
};

class RuntimeApiEnvironment final : public Environment {
public:
    RuntimeApiEnvironment(Reactor& reactor, WardenClient& warden, ConnectionBudget& budget, std::unique_ptr<Slot> slot,
                          EnvironmentSetup setup, ApiSetup api);

private:
    struct Parked {  // a program that waits for a call
        ApiConnection* connection;
        const Dialect* dialect;
    };
    struct Given {
        ApiCall call;
        bool is_out = false;  // the program has it
    };
    using Calls = std::map<std::uint64_t, Given>;

    void bring_up() override;
    void code_attached() override;
    void put(std::uint64_t number, const CallInput& input) override;
    void forget(std::uint64_t number) override;
    void let_go() override;
    Error start_failure(Answer::Kind kind, int status) override;
    std::string last_words(std::uint64_t number, Answer::Kind kind, int status) override;

    void on_ready(const hc_ready&) override {}
    void on_failed(const hc_failed& failed) override;
    void on_channel_end() override;
    void on_exit(const protocol::ExitReport& report) override;

    void accept();
    void count_talk();
    std::uint32_t extra_connections() const;
    void drop(ApiConnection& connection);
    void asked(ApiConnection& connection, HttpMessage request);
    void too_long(ApiConnection& connection, const HttpMessage& request);
    void next(ApiConnection& connection, const Dialect& dialect);
    void initialization_failed(ApiConnection& connection, const Dialect& dialect, std::string document);
    void answered(ApiConnection& connection, const Dialect& dialect, std::string_view what, HttpMessage request);
    void hand_out();
    void not_ready(std::string message, std::string type);
    void refuse_call(std::uint64_t number, Answer::Kind kind, std::string document);
    Calls::iterator find_out(std::string_view request_id);
    std::string command_line() const;

    ConnectionBudget& budget_;
    const ApiSetup api_;
    std::unique_ptr<Watch> listener_;
    std::list<std::unique_ptr<ApiConnection>> connections_;
    std::vector<Parked> parked_;
    Calls calls_;
    std::deque<std::uint64_t> queue_;   // not given out yet
    std::uint32_t talk_ = 0;            // connections and requests since the last answer of a call
    const Dialect* dialect_ = nullptr;  // the one it has asked in
    bool launched_ = false;
    // it did not come up, or says so itself: document of the first call, or message and type of one
    bool failed_ = false;
    std::string failed_document_;
    std::string failed_message_;
    std::string failed_type_;
};

}  // namespace hotcell::environment
