// The engine: open it, run programs in sandboxes, ask how it is.
//
// Here: the whole of the public C++ interface. Not here: HTTP (engine/api), the command line (engine/programs/cli).
// Threads: every method of Engine may be called from any thread. Callbacks run on a thread of the engine and must not
// block. The engine installs no signal handler, keeps no global state, and several engines may live in one process.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hotcell/catalog.h"
#include "hotcell/error.h"
#include "hotcell/event_loop.h"
#include "hotcell/http_stream.h"
#include "hotcell/invocation.h"
#include "hotcell/logs.h"
#include "hotcell/run.h"
#include "hotcell/units.h"

namespace hotcell {

struct EngineOptions {
    std::string state_dir = "/var/lib/hotcell";  // programs; kept over restarts
    std::string run_dir = "/run/hotcell";        // sockets and locks; one engine a directory
    std::string libexec_dir;   // hotcell-warden, hotcell-init; empty: beside the library's build or prefix
    std::string runtimes_dir;  // manifests; empty: as installed
    std::string shims_dir;     // shims; empty: as installed
    std::string images_dir =
        "/var/lib/hotcell-images";    // IMAGES/RUNTIME: root images; without one a sandbox sees parts of the host
    std::uint32_t front_uid = 64000;  // owner of state and run directory once open() has returned
    std::uint32_t front_gid = 64000;
    Bytes memory_budget{};               // of all sandboxes together; 0: three quarters of the machine's memory
    std::uint32_t pooled_slots = 4;      // kept ready per runtime and kind of start, 0..256
    std::uint32_t concurrent_runs = 64;  // further calls are refused with Exhausted
    Bytes tmp_size = mebibytes(64);      // of /tmp in every slot
    std::uint32_t most_instances = 300;  // environments of functions, 1..4096
    std::uint32_t most_instances_per_function = 100;
    std::uint64_t most_queued_events = 100'000;  // asynchronous calls that wait; half of them of one function
    Bytes most_queued_bytes = mebibytes(2048);   // of their events
    std::uint32_t most_running_events = 64;      // of them under way at a time
    std::uint32_t most_running_events_per_function = 16;
    Millis keep_alive{300'000};                      // an idle environment is ended after this
    bool keep_versions_of_aliases = true;            // the last environment of a version that an alias means, for a day
    Millis freeze_after{5};                          // an idle environment is stopped after this
    Millis server_start_timeout{120'000};            // until the server of a custom runtime listens
    std::uint32_t require_landlock = 0;              // least Landlock ABI, 0: use what the kernel has
    std::function<void(std::string_view line)> log;  // one line of the engine's own log; unset: none
};

/// One thing the kernel, the machine or this configuration offers or lacks.
struct Feature {
    std::string name;
    std::string state;   // "yes", "no", "degraded"; of a setting "kept"
    std::string reason;  // in words
    std::string hint;    // what would change it, may be empty
};

struct PoolState {
    std::string runtime;
    std::string start;  // "exec", "zygote" or "prepared"
    std::uint32_t ready = 0;
    std::uint32_t building = 0;
    std::uint32_t busy = 0;
    std::uint64_t built = 0;  // since open()
    std::uint64_t destroyed = 0;
    std::uint64_t failed_builds = 0;
};

struct AsyncState {
    std::uint64_t waiting = 0;
    std::uint64_t waiting_bytes = 0;
    std::uint64_t running = 0;
    std::uint64_t records = 0;  // stateful ones that have ended and are remembered
};

struct EngineDescription {
    std::string version;
    std::string instance;            // names its control groups
    std::string cgroup_driver;       // "v1", "hybrid", "v2"
    std::uint32_t landlock_abi = 0;  // 0: unavailable
    std::vector<Feature> features;
    std::vector<Feature> confinement;  // each layer and whether it is applied
    std::vector<Feature> settings;     // those that are kept, checked and shown, and change nothing; why
    std::vector<std::string> runtimes;
    std::vector<PoolState> pools;
    AsyncState async{};
    std::uint64_t runs = 0;
    std::uint64_t failed_starts = 0;
};

/// A runtime and FC's identifiers that it serves.
struct RuntimeState {
    std::string name;
    std::vector<std::string> serves;  // empty: programs only
    std::vector<std::string> starts;  // of a cold function: "zygote", "prepared", "exec"
    std::string root;                 // "image", or "host": what its sandboxes see of files
};

class Engine;

/// An engine whose privileged helper is running but which has no thread yet: the moment for a daemon to give up its
/// own privileges (engine/programs/daemon). Embedders who keep theirs use Engine::open.
class PreparedEngine {
public:
    PreparedEngine(PreparedEngine&&) noexcept;
    PreparedEngine& operator=(PreparedEngine&&) noexcept;
    ~PreparedEngine();

    /// Starts the threads and fills the pools. Needs no privilege.
    Result<Engine> start() &&;
    /// The same on a loop of the host's, where callbacks then run and invoke() works without a hand-over. The loop works
    /// until the engine has been drained or destroyed, which is done on another thread.
    Result<Engine> start(EventLoop& loop) &&;

private:
    friend class Engine;
    struct State;
    Result<Engine> start_on(EventLoop* loop) &&;
    explicit PreparedEngine(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

class Engine {
public:
    /// Makes the directories, reads the runtime manifests, spawns hotcell-warden. Needs root. Starts no thread. Raises
    /// the process's soft limit of open files where concurrent_runs and pooled_slots need more.
    ///
    /// Fails with Conflict when another engine holds run_dir, NotFound when a helper program is missing, Kernel with a
    /// hint when the host lacks something that confinement needs. On failure nothing is left behind.
    static Result<PreparedEngine> prepare(EngineOptions options);
    /// prepare() and start(). The host process keeps its credentials.
    static Result<Engine> open(EngineOptions options);
    static Result<Engine> open(EngineOptions options, EventLoop& loop);

    Engine(Engine&&) noexcept;
    Engine& operator=(Engine&&) noexcept;
    ~Engine();  // as drain(0)

    /// Runs one program in a sandbox of its own; the sandbox is destroyed afterwards. `done` is called exactly once.
    ///
    /// Fails with InvalidArgument (names field, limit and value), NotFound (runtime), Exhausted (concurrent_runs or
    /// memory_budget), Broken (the sandbox could not be built or the privileged helper is gone). A program that
    /// fails, is killed or times out is a RunReport, not an error.
    /// The run's number, for cancel().
    std::uint64_t run(RunRequest request, std::function<void(Result<RunReport>)> done);
    /// The same, waiting. Not from a callback of the engine.
    Result<RunReport> run(RunRequest request);

    /// What is deployed. Its changes wait for the disk: not from a callback of the engine. It lives as long as the engine.
    Catalog& catalog();
    const Catalog& catalog() const;

    /// Calls a function, in a warm environment where there is one. `done` is called exactly once, on the engine's loop,
    /// perhaps before this returns. A function that fails is an InvokeReport, not an error. Fails with NotFound, InvalidArgument, Exhausted
    /// (instances, memory_budget) and Broken (no environment could be started).
    std::uint64_t invoke(InvokeRequest request, std::function<void(Result<InvokeReport>)> done);
    /// Whoever made the call that invoke() or run() gave this number has gone: it ends with ClientClosedRequest, its environment,
    /// unless other calls run in it, with it. Nothing happens when it is over.
    void cancel(std::uint64_t call);
    /// The same, waiting. Not from a callback of the engine.
    Result<InvokeReport> invoke(InvokeRequest request);
    /// Accepts a call that is made later, and again when it fails (AsyncConfig says how often). `done` is called once it is on the
    /// disk: from then on it is made at least once, whatever becomes of the engine. Fails as invoke(), and with Exhausted
    /// (most_queued_events, most_queued_bytes, the disk is full) and Conflict (a stateful call has that invocation_id).
    void invoke_async(AsyncRequest request, std::function<void(Result<AsyncAccepted>)> done);
    /// The same, waiting. Not from a callback of the engine; so are the other forms without `done`.
    Result<AsyncAccepted> invoke_async(AsyncRequest request);
    /// A stateful call, for seven days after its end. NotFound.
    void async_invocation(FunctionReference of, std::string invocation_id,
                          std::function<void(Result<AsyncRecord>)> done) const;
    Result<AsyncRecord> async_invocation(FunctionReference of, std::string invocation_id) const;
    /// In the order in which they were accepted, the last one first unless asked otherwise; without their `events`.
    void async_invocations(FunctionReference of, AsyncListRequest request,
                           std::function<void(Result<Page<AsyncRecord>>)> done) const;
    Result<Page<AsyncRecord>> async_invocations(FunctionReference of, AsyncListRequest request) const;
    /// A call that waits is never made, one that runs is ended. NotFound, InvalidArgument (it has ended already).
    void stop_async(FunctionReference of, std::string invocation_id, std::function<void(Result<>)> done);
    Result<> stop_async(FunctionReference of, std::string invocation_id);
    /// A call of the last few thousand, without its payload. NotFound.
    Result<InvokeReport> invocation(const std::string& request_id) const;
    /// Environments; empty names mean all.
    std::vector<Instance> instances(const std::string& service = {}, const std::string& function = {}) const;
    /// Ends idle environments at once and busy ones after their call. How many.
    std::uint32_t evict_instances(const std::string& service = {}, const std::string& function = {});
    /// What is kept ready of a function by its provision configuration; all zero where there is none.
    ProvisionState provision_state(const FunctionReference& of) const;
    /// The last lines that functions wrote, within a bound.
    LogPage logs(const LogQuery& query) const;
    /// The same; where nothing fits, waits up to `wait` for something that does. `done` is called once, on the engine's loop.
    void logs(LogQuery query, Millis wait, std::function<void(LogPage)> done);
    std::vector<RuntimeState> runtimes() const;
    /// Counters and phase histograms, Prometheus text format 0.0.4.
    std::string metrics() const;

    /// Takes a few locks; meant for people and scrapers, not for the path of a call.
    EngineDescription describe() const;
    /// True once the pools have been filled for the first time and while the privileged helper lives.
    bool is_ready() const;
    /// Called once, from a thread of the engine, when the privileged helper has died: nothing more can be run.
    void on_broken(std::function<void(Error)> callback);

    /// Refuses new calls, waits up to `patience` for running ones, kills the rest, destroys every sandbox.
    void drain(Millis patience);

private:
    friend class PreparedEngine;
    struct State;
    explicit Engine(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace hotcell
