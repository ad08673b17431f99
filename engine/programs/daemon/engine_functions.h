// hotcell::Engine's services and functions as the HTTP interface sees them: what waits for the disk is done on a thread
// of its own, in order, so that no connection waits for another's deployment.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "engine/api/function_service.h"
#include "hotcell/engine.h"

namespace hotcell::daemon {

class EngineFunctions final : public api::FunctionService {
public:
    /// `engine` outlives this.
    explicit EngineFunctions(Engine& engine);
    /// Finishes what was asked for.
    ~EngineFunctions() override;

    void create_service(Service service, Done<Service> done) override;
    void update_service(std::string name, ServiceChange change, std::string if_match, Done<Service> done) override;
    void get_service(std::string name, Done<Service> done) override;
    void delete_service(std::string name, std::string if_match, Done<> done) override;
    void list_services(PageRequest request, Done<Page<Service>> done) override;
    void create_function(Function function, std::string zip, std::optional<std::uint64_t> expected_checksum,
                         Done<Function> done) override;
    void update_function(std::string service, std::string name, FunctionChange change,
                         std::optional<std::uint64_t> expected_checksum, std::string if_match,
                         Done<Function> done) override;
    void get_function(std::string service, std::string name, Done<Function> done) override;
    void delete_function(std::string service, std::string name, std::string if_match, Done<> done) override;
    void list_functions(std::string service, PageRequest request, Done<Page<Function>> done) override;
    void invoke(InvokeRequest request, Done<InvokeReport> done) override;
    void invocation(std::string request_id, Done<InvokeReport> done) override;
    void instances(std::string service, std::string function, Done<std::vector<Instance>> done) override;
    void evict_instances(std::string service, std::string function, Done<std::uint64_t> done) override;
    std::vector<api::RuntimeSummary> runtimes() const override;
    std::string metrics() const override { return engine_.metrics(); }

private:
    void later(std::function<void()> work);
    void work();

    Engine& engine_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> waiting_;
    bool closing_ = false;
    std::thread thread_;
};

}  // namespace hotcell::daemon
