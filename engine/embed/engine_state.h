// The engine's inside: two threads, the clients of the privileged helper, the stores, and what lies over them.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

#include "engine/catalog/catalog.h"
#include "engine/dispatch/dispatcher.h"
#include "engine/embed/call_records.h"
#include "engine/embed/metrics.h"
#include "engine/embed/package_names.h"
#include "engine/embed/prepared_state.h"
#include "engine/environment/code/recent_names.h"
#include "hotcell/engine.h"

namespace hotcell {

struct Engine::State {
    State(PreparedEngine::State prepared_state, catalog::Catalog opened);
    ~State() { drain(Millis(0)); }

    void run(RunRequest request, std::function<void(Result<RunReport>)> done);
    void invoke(InvokeRequest request, std::function<void(Result<InvokeReport>)> done);
    void drain(Millis patience);
    void helper_died(const char* which);
    EngineDescription describe_here() const;
    /// Runs `work` on the engine's thread and waits. False once that thread has gone.
    bool call(const std::function<void()>& work);
    bool post(std::function<void()> work);

    /// Code of functions is never dropped from the store.
    void hold_code();
    /// Unpacks the package in a sandbox, adds the byte code that `runtime` makes of it, and stores the tree. The name it has there;
    /// it is held until release().
    Result<std::string> store_package(std::string zip, const std::string& runtime);
    Result<std::string> make_tree(std::string zip, const environment::Manifest* compiler);
    const environment::Manifest* compiler_of(const std::string& runtime) const;
    /// Ends what runs of a function that has been changed or deleted.
    void retire(const std::string& function_id);

    PreparedEngine::State prepared;
    environment::Reactor reactor;  // before everything that waits in it: destroyed after it
    environment::Reactor storage;
    environment::CodeStore store;
    environment::RecentNames names;
    embed::PackageNames package_names{4096};
    std::vector<std::string> runtime_names;  // that functions may have
    catalog::Catalog catalog;
    std::mutex change_mutex;  // one change or deletion of a function at a time
    embed::CallRecords records;
    embed::Metrics metrics;
    std::unique_ptr<environment::BuilderClient> builder;
    std::unique_ptr<environment::WardenClient> warden;
    std::unique_ptr<dispatch::Dispatcher> dispatcher;

    std::shared_mutex open_mutex;  // held shared while posting, alone to close
    bool open = true;
    std::mutex drain_mutex;
    mutable std::mutex mutex;  // of the fields below
    bool broken = false;
    bool draining = false;
    Error broken_error;
    std::vector<std::function<void(Error)>> broken_callbacks;
    EngineDescription last_description;
    std::thread storage_thread;
    std::thread thread;
};

}  // namespace hotcell
