// What the HTTP interface needs of an engine to call functions and to see what runs: the border that tests replace. What is
// deployed is the public Catalog, programs that run once are run_service.h.
//
// Names have been judged by the routes; that a thing exists is judged behind this border. Error.code carries FC's name
// ("ServiceNotFound"); the routes make the status of it.
// Threads: every method may be called from any thread; `done` is called exactly once, from any thread, perhaps before the
// method returns.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "hotcell/catalog.h"
#include "hotcell/error.h"
#include "hotcell/invocation.h"
#include "hotcell/logs.h"

namespace hotcell::api {

/// A runtime as installed, and the names under which FC's clients ask for it.
struct RuntimeSummary {
    std::string name;                 // "python3"
    std::vector<std::string> serves;  // "python3", "python3.10" …
    std::vector<std::string> starts;  // of a cold function: "zygote", "prepared", "exec"
    std::string root;                 // "image", or "host": what its sandboxes see of files
};

class CallService {
public:
    virtual ~CallService() = default;

    /// A function that fails is a report, not an error. `request.qualifier` is as the caller wrote it. The number names the
    /// call for cancel().
    virtual std::uint64_t invoke(InvokeRequest request, std::function<void(Result<InvokeReport>)> done) = 0;
    /// Whoever made the call has gone: it ends with ClientClosedRequest. Nothing happens when it is over.
    virtual void cancel(std::uint64_t call) = 0;
    /// Accepted once it is on the disk.
    virtual void invoke_async(AsyncRequest request, std::function<void(Result<AsyncAccepted>)> done) = 0;
    virtual void async_invocation(FunctionReference of, std::string invocation_id,
                                  std::function<void(Result<AsyncRecord>)> done) = 0;
    virtual void async_invocations(FunctionReference of, AsyncListRequest request,
                                   std::function<void(Result<Page<AsyncRecord>>)> done) = 0;
    virtual void stop_async(FunctionReference of, std::string invocation_id, std::function<void(Result<>)> done) = 0;
    /// A recent invocation, by its request id; NotFound once it is forgotten.
    virtual Result<InvokeReport> invocation(const std::string& request_id) const = 0;

    /// What functions wrote; where nothing fits, waits up to `wait` for something that does.
    virtual void logs(LogQuery query, Millis wait, std::function<void(LogPage)> done) = 0;

    /// Empty names: of all services, of all functions of the service.
    virtual std::vector<Instance> instances(const std::string& service, const std::string& function) const = 0;
    /// Ends the idle ones, lets busy ones finish their call first; the number of both.
    virtual std::uint64_t evict_instances(const std::string& service, const std::string& function) = 0;

    /// Of what is kept ready by a configuration.
    virtual ProvisionState provision_state(const FunctionReference& of) const = 0;

    virtual std::vector<RuntimeSummary> runtimes() const = 0;
    /// Prometheus' text format, version 0.0.4.
    virtual std::string metrics() const = 0;
};

}  // namespace hotcell::api
