// hotcell::Engine's calls as the HTTP interface sees them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/api/call_service.h"
#include "hotcell/engine.h"

namespace hotcell::daemon {

class EngineCalls final : public api::CallService {
public:
    /// `engine` outlives this.
    explicit EngineCalls(Engine& engine) : engine_(engine) {}

    std::uint64_t invoke(InvokeRequest request, std::function<void(Result<InvokeReport>)> done) override {
        return engine_.invoke(std::move(request), std::move(done));
    }
    void cancel(std::uint64_t call) override { engine_.cancel(call); }
    void invoke_async(AsyncRequest request, std::function<void(Result<AsyncAccepted>)> done) override {
        engine_.invoke_async(std::move(request), std::move(done));
    }
    void async_invocation(FunctionReference of, std::string invocation_id,
                          std::function<void(Result<AsyncRecord>)> done) override {
        engine_.async_invocation(std::move(of), std::move(invocation_id), std::move(done));
    }
    void async_invocations(FunctionReference of, AsyncListRequest request,
                           std::function<void(Result<Page<AsyncRecord>>)> done) override {
        engine_.async_invocations(std::move(of), std::move(request), std::move(done));
    }
    void stop_async(FunctionReference of, std::string invocation_id, std::function<void(Result<>)> done) override {
        engine_.stop_async(std::move(of), std::move(invocation_id), std::move(done));
    }
    Result<InvokeReport> invocation(const std::string& request_id) const override {
        return engine_.invocation(request_id);
    }
    void logs(LogQuery query, Millis wait, std::function<void(LogPage)> done) override {
        engine_.logs(std::move(query), wait, std::move(done));
    }
    std::vector<Instance> instances(const std::string& service, const std::string& function) const override {
        return engine_.instances(service, function);
    }
    std::uint64_t evict_instances(const std::string& service, const std::string& function) override {
        return engine_.evict_instances(service, function);
    }
    ProvisionState provision_state(const FunctionReference& of) const override { return engine_.provision_state(of); }
    std::vector<api::RuntimeSummary> runtimes() const override {
        std::vector<api::RuntimeSummary> all;
        for (RuntimeState& runtime : engine_.runtimes())
            all.push_back({std::move(runtime.name), std::move(runtime.serves), std::move(runtime.starts),
                           std::move(runtime.root)});
        return all;
    }
    std::string metrics() const override { return engine_.metrics(); }

private:
    Engine& engine_;
};

}  // namespace hotcell::daemon
