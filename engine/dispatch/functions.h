// Which environment takes a function's call: a warm one, or one that is started for it.
//
// An environment serves one revision of one function in its whole life, one call at a time, or as many as its function allows
// where its runtime can do so. A call that finds no room waits for whichever comes first: the start made for it, or another call's
// end. Starts are never more than calls that wait.
// Idle environments are stopped after a moment, and ended after the keep-alive time or when their memory is needed.
// Not here: the catalog, which hands in functions as they stand; what happens inside an environment (environment/).
// Threads: the engine's.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/dispatch/admission.h"
#include "engine/dispatch/phases.h"
#include "engine/dispatch/slot_source.h"
#include "engine/environment/code/code_check.h"
#include "engine/environment/code/code_store.h"
#include "engine/environment/environment.h"
#include "engine/environment/http/connection_budget.h"
#include "hotcell/engine.h"

namespace hotcell::dispatch {

struct FunctionCall {
    InvokeRequest request;  // its qualifier as the caller asked, never empty
    std::shared_ptr<const Service> service;
    std::shared_ptr<const Function> function;
    std::string version;       // what the qualifier has been resolved to: "LATEST" or an id
    std::uint64_t number = 0;  // its name for cancel()
    std::uint64_t accepted_ns = 0;
    std::optional<std::uint32_t> most_instances{};   // that may be started on demand; 0: the call is refused
    std::function<void(Result<InvokeReport>)> done;  // exactly once
};

/// Whose environments these are.
struct PoolName {
    std::string_view function_id;
    std::string_view version;
    bool operator==(const PoolName&) const = default;
};
struct PoolKey {
    std::string function_id;
    std::string version;
    operator PoolName() const { return {function_id, version}; }
};
inline bool operator==(const PoolKey& one, const PoolName& other) { return PoolName(one) == other; }
inline bool operator==(const PoolKey& one, const PoolKey& other) { return PoolName(one) == PoolName(other); }
struct HashPoolKey {
    using is_transparent = void;
    std::size_t operator()(const PoolName& name) const {
        const std::hash<std::string_view> hash;
        return hash(name.function_id) ^ (hash(name.version) * 31);
    }
};

struct FunctionsParts {
    environment::Reactor& reactor;
    environment::WardenClient& warden;
    environment::BuilderClient& builder;
    environment::CodeStore& store;
    environment::CodeCheck& check;
    telemetry::LogBuffer& logs;
    const std::vector<environment::Manifest>& manifests;
    std::uint32_t extra_connections;                    // into sandboxes, of all functions together
    std::vector<std::unique_ptr<SlotSource>>& sources;  // by manifest
    Admission& admission;
    std::function<void(int change)> starting;  // a start has begun (1) or is over (-1)
    std::function<void()> idle;                // a call has ended and none is left
};

/// What is kept ready of a version of a function, whether or not anybody calls.
struct Keep {
    std::shared_ptr<const Service> service;
    std::shared_ptr<const Function> function;
    std::string version;
    std::uint32_t count = 0;
    bool stays_awake = false;  // its idle environments are not stopped
};
struct KeptNow {
    std::uint32_t ready = 0;  // idle or busy
    std::string error;        // why the last one could not be started
};

class Functions {
public:
    Functions(FunctionsParts parts, const EngineOptions& options);
    ~Functions();

    void invoke(FunctionCall call);
    /// Nobody waits for it any more: a call that waits or runs ends with ClientClosedRequest, and its environment with it.
    void cancel(std::uint64_t call);
    /// The same, by the request's id.
    void cancel(const std::string& request_id);
    /// Has at least that many environments from now on, as far as memory and limits allow; each call tries again what failed.
    void keep(const Keep& keep);
    void keep_none(const PoolKey& pool);
    KeptNow kept(const PoolKey& pool) const;
    std::uint32_t busy(const PoolKey& pool) const;
    /// Asked about an environment that nobody calls any more, the last of its version: whether it stays for up to a day,
    /// stopped, unless its memory is needed.
    void on_last(std::function<bool(const std::string& service, const std::string& version)> stays) {
        stays_ = std::move(stays);
    }
    /// This version of the function has changed or gone: its environments end, busy ones after their call.
    void retire(std::string_view function_id, std::string_view version);
    std::vector<Instance> instances(const std::string& service, const std::string& function) const;
    std::uint32_t evict(const std::string& service, const std::string& function);

    /// Ends idle environments, the one that was idle for longest first, until at least one has gone and `memory` is free.
    /// False when there is not so much to be had.
    bool make_room(Bytes memory);

    /// Ends idle environments, after their preStop: a drain has begun.
    void end_idle();
    bool is_idle() const { return calls_ == 0; }
    /// Ends every call with this error, and every environment.
    void abandon_all(const Error& error);

private:
    struct Worker;  // an environment with its place in a pool
    struct Flight;  // a call that has been let in
    struct Pool;    // of one version of one function
    using WorkerRef = std::shared_ptr<Worker>;

    Pool& pool_of(const std::shared_ptr<const Function>& function, const std::shared_ptr<const Service>& service,
                  const std::string& version);
    const environment::Manifest* manifest_of(const std::string& runtime, SlotSource*& source) const;
    Result<> start_for_waiting(Pool& pool);
    void serve_waiting(Pool& pool);
    std::uint32_t calls_at_a_time(const Pool& pool) const;
    WorkerRef take_worker(Pool& pool);
    void fill(const WorkerRef& worker);
    void start_is_over(Pool& pool);
    void feed_hungry();
    void top_up(Pool& pool);
    bool may_end(const Worker& worker, std::uint64_t now) const;
    void initialize_ahead(const WorkerRef& worker);
    void refuse(Flight& flight, Error error);
    void start(Pool& pool);
    void hold_code(const Worker& worker);
    void release_code(const Worker& worker);
    void get_slot(const WorkerRef& worker);
    void slot_given(const WorkerRef& worker, Result<GivenSlot> given);
    void started(const WorkerRef& worker, Result<> result);
    void start_failed(const WorkerRef& worker, Error error);
    void assign(const WorkerRef& worker, Flight flight);
    void initialize(const WorkerRef& worker, std::shared_ptr<Flight> flight);
    void call_handler(const WorkerRef& worker, std::shared_ptr<Flight> flight);
    void answered(const WorkerRef& worker, Flight& flight, environment::Answer answer);
    static void say_end(const Worker& worker, const Flight& flight, const environment::Answer& answer,
                        bool initializer);
    static InvokeReport report_of(const Worker& worker, Flight& flight, environment::Answer answer, bool initializer);
    static InvokeReport located(const Worker& worker, const Flight& flight, InvokeReport report);
    void finish(Flight& flight, InvokeReport report);
    void call_has_left(const WorkerRef& worker);
    void call_environment(const WorkerRef& worker, const std::shared_ptr<Flight>& flight,
                          const environment::CallInput& input, std::function<void(environment::Answer)> done);
    template <class Fits>
    void cancel_if(Fits fits);
    void free_worker(const WorkerRef& worker);
    void end_worker(const WorkerRef& worker);
    bool calls_pre_stop(const Worker& worker) const;
    void stop_environment(const WorkerRef& worker);
    static void discard(const WorkerRef& worker);
    void freeze(const WorkerRef& worker);
    void drop_idle(const WorkerRef& worker);
    void end_workers_of(const Pool& pool);
    void sweep();
    void schedule_sweep(std::uint64_t at_ns);
    void call_is_over();
    static Instance describe(const Worker& worker);

    FunctionsParts parts_;
    environment::ConnectionBudget connections_;
    const EngineOptions& options_;
    std::unordered_map<PoolKey, std::unique_ptr<Pool>, HashPoolKey, std::equal_to<>> pools_;
    std::list<WorkerRef> workers_;     // all of them
    std::vector<WorkerRef> stopping_;  // in their preStop
    Bytes stopping_memory_;
    bool abandoned_ = false;
    std::uint64_t calls_ = 0;            // and hooks
    const std::uint32_t most_starting_;  // starts are work for the processors: more at once only take each other's time
    std::uint32_t starting_ = 0;
    std::deque<Pool*> hungry_;
    std::function<bool(const std::string& service, const std::string& version)> stays_;
    std::uint64_t sweep_at_ns_ = 0;  // 0: none is due
    environment::Timer sweep_timer_;
};

}  // namespace hotcell::dispatch
