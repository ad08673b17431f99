// Takes a call to its end: admission, a slot, the program in the store, the run, the slot's end.
//
// Threads: the engine's, but for store work, which goes to the thread that `store_work` names.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/dispatch/admission.h"
#include "engine/dispatch/functions.h"
#include "engine/dispatch/run.h"
#include "engine/dispatch/slot_source.h"
#include "engine/environment/code/code_store.h"

namespace hotcell::dispatch {

/// A call as it comes in: checked (validate.h), its content named.
struct Call {
    RunRequest request;
    std::string code_name;
    std::uint64_t number = 0;  // its name for cancel(); 0: it has none
    std::uint64_t accepted_ns = 0;
    Nanos hashing{};                              // the time that naming its content took
    std::function<void(Result<RunReport>)> done;  // exactly once
    // a program of the engine's own instead of the caller's: its argv, and who reads its output while it runs
    std::vector<std::string> tool{};
    std::function<void(linux::UniqueFd)> give_output{};
};

struct DispatcherParts {
    environment::Reactor& reactor;
    environment::Reactor& storage;  // the thread that may wait for the disk
    environment::BuilderClient& builder;
    environment::WardenClient& warden;
    environment::CodeStore& store;
    telemetry::LogBuffer& logs;
    const std::vector<environment::Manifest>& manifests;
    std::uint32_t extra_connections;  // into sandboxes, of all functions together
};

class Dispatcher {
public:
    Dispatcher(DispatcherParts parts, const EngineOptions& options, Bytes memory_budget);

    void run(Call call);
    /// Nobody waits for it any more: a run ends with ClientClosedRequest and its slot, a call of a function as Functions says.
    void cancel(std::uint64_t call);
    Functions& functions() { return *functions_; }
    const Functions& functions() const { return *functions_; }
    /// Fills the pools for the first time.
    void warm_up();
    bool is_ready() const;
    /// Pools, counters.
    void describe(EngineDescription& description) const;

    /// Refuses new calls. `idle` is called when none is left (at once, if so).
    void close(std::function<void()> idle);
    /// Ends every call now, with this error.
    void abandon_all(const Error& error);
    /// Destroys every slot and domain; BuilderClient::dying() tells how many are left.
    void destroy_pools();

private:
    struct Flight;  // one admitted call
    void slot_given(const std::shared_ptr<Flight>& flight, Result<GivenSlot> given);
    void store_code(const std::shared_ptr<Flight>& flight);
    /// Slot and program are there.
    void attach(const std::shared_ptr<Flight>& flight);
    void end(const std::shared_ptr<Flight>& flight, Result<RunReport> result);
    void start_is_over();
    void refill_if_quiet();
    void tell_if_idle();

    DispatcherParts parts_;
    const EngineOptions& options_;
    Admission admission_;
    environment::CodeCheck check_;
    std::vector<std::unique_ptr<SlotSource>> sources_;  // by runtime
    std::unique_ptr<Functions> functions_;
    std::set<std::shared_ptr<Flight>> flights_;
    std::uint32_t starting_ = 0;
    std::uint64_t runs_ = 0;
    std::uint64_t failed_starts_ = 0;
    std::function<void()> idle_;
    environment::Timer refill_later_;
};

}  // namespace hotcell::dispatch
