// The engine's inside: its loop and the thread that waits for the disk, the clients of the privileged helper, the stores, and
// what lies over them.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

#include "engine/catalog/ledger.h"
#include "engine/dispatch/dispatcher.h"
#include "engine/dispatch/provision/provisioner.h"
#include "engine/embed/async_calls.h"
#include "engine/embed/call_records.h"
#include "engine/embed/engine_catalog.h"
#include "engine/embed/log_reader.h"
#include "engine/embed/metrics.h"
#include "engine/embed/package_names.h"
#include "engine/embed/prepared_state.h"
#include "engine/environment/code/recent_names.h"
#include "hotcell/engine.h"

namespace hotcell {

struct Engine::State {
    /// Works on `host_loop` or, where that is null, on a loop and a thread of its own.
    State(PreparedEngine::State prepared_state, catalog::Ledger opened,
          std::unique_ptr<dispatch::async::EventQueue> queue, EventLoop* host_loop);
    ~State() { drain(Millis(0)); }

    void run(std::uint64_t number, RunRequest request, std::function<void(Result<RunReport>)> done);
    void invoke(std::uint64_t number, InvokeRequest request, std::function<void(Result<InvokeReport>)> done);
    /// Calls one of them: `refuse` once the engine has closed.
    void ask_queue(const std::function<void()>& ask, const std::function<void(Error)>& refuse);
    void drain(Millis patience);
    void helper_died(const char* which);
    EngineDescription describe_here() const;
    /// Runs `work` on the engine's loop and waits. False once the engine has ended there.
    bool call(const std::function<void()>& work);
    /// Runs `work` on the engine's loop: now, when called there. False, and nothing, once the engine has ended there.
    bool post(std::function<void()> work);
    /// The same whether it has ended or not.
    void on_loop(const std::function<void()>& work);
    /// Takes everything off the loop; on the loop's thread.
    void end_here();

    /// Code of functions is never dropped from the store.
    void hold_code();
    /// Unpacks the package in a sandbox, adds the byte code that `runtime` makes of it, and stores the tree. The name it has there;
    /// it is held until release().
    Result<std::string> store_package(std::string zip, const std::string& runtime);
    Result<std::string> make_tree(std::string zip, const environment::Manifest* compiler);
    const environment::Manifest* compiler_of(const std::string& runtime) const;
    /// Ends what runs of a version of a function that has been changed or deleted.
    void retire(const std::string& function_id, std::string_view version);

    PreparedEngine::State prepared;
    std::unique_ptr<EventLoop> own_loop;  // before everything that waits on it: destroyed after it
    environment::Reactor reactor;
    EventLoop storage_loop;
    environment::Reactor storage;
    environment::CodeStore store;
    environment::PackageStore packages;
    environment::RecentNames names;
    embed::PackageNames package_names{4096};
    catalog::Ledger ledger;
    embed::EngineCatalog catalog;
    embed::CallRecords records;
    embed::Metrics metrics;
    std::unique_ptr<embed::AsyncCalls> async;
    telemetry::LogBuffer logs;
    embed::LogReader log_reader;
    std::atomic<std::uint64_t> next_call = 1;
    std::unique_ptr<environment::BuilderClient> builder;
    std::unique_ptr<environment::WardenClient> warden;
    std::unique_ptr<dispatch::Dispatcher> dispatcher;
    std::unique_ptr<dispatch::Provisioner> provisioner;

    std::shared_mutex open_mutex;  // held shared while posting from elsewhere, alone to close
    bool open = true;
    std::mutex drain_mutex;
    bool ended = false;        // nothing is left of it
    mutable std::mutex mutex;  // of the fields below
    bool broken = false;
    bool draining = false;
    Error broken_error;
    std::vector<std::function<void(Error)>> broken_callbacks;
    EngineDescription last_description;
    std::thread storage_thread;
    std::thread thread;  // of own_loop
};

}  // namespace hotcell
