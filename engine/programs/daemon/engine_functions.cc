#include "engine/programs/daemon/engine_functions.h"

#include <utility>

namespace hotcell::daemon {

EngineFunctions::EngineFunctions(Engine& engine) : engine_(engine), thread_([this] { work(); }) {}

EngineFunctions::~EngineFunctions() {
    {
        const std::scoped_lock lock(mutex_);
        closing_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void EngineFunctions::later(std::function<void()> work) {
    {
        const std::scoped_lock lock(mutex_);
        waiting_.push_back(std::move(work));
    }
    changed_.notify_all();
}

void EngineFunctions::work() {
    for (;;) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return closing_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        auto next = std::move(waiting_.front());
        waiting_.pop_front();
        lock.unlock();
        next();
    }
}

void EngineFunctions::create_service(Service service, Done<Service> done) {
    later([this, service = std::move(service), done = std::move(done)] {
        done(engine_.catalog().create_service(service));
    });
}
void EngineFunctions::update_service(std::string name, ServiceChange change, std::string if_match, Done<Service> done) {
    later([this, name = std::move(name), change = std::move(change), if_match = std::move(if_match),
           done = std::move(done)] { done(engine_.catalog().update_service(name, change, if_match)); });
}
void EngineFunctions::get_service(std::string name, Done<Service> done) { done(engine_.catalog().get_service(name)); }
void EngineFunctions::delete_service(std::string name, std::string if_match, Done<> done) {
    later([this, name = std::move(name), if_match = std::move(if_match), done = std::move(done)] {
        done(engine_.catalog().delete_service(name, if_match));
    });
}
void EngineFunctions::list_services(PageRequest request, Done<Page<Service>> done) {
    done(engine_.catalog().list_services(request));
}

void EngineFunctions::create_function(Function function, std::string zip,
                                      std::optional<std::uint64_t> expected_checksum, Done<Function> done) {
    function.code.checksum = expected_checksum.value_or(0);
    later([this, function = std::move(function), zip = std::move(zip), done = std::move(done)]() mutable {
        done(engine_.catalog().create_function(std::move(function), std::move(zip)));
    });
}
void EngineFunctions::update_function(std::string service, std::string name, FunctionChange change,
                                      std::optional<std::uint64_t> expected_checksum, std::string if_match,
                                      Done<Function> done) {
    change.zip_checksum = expected_checksum;
    later([this, service = std::move(service), name = std::move(name), change = std::move(change),
           if_match = std::move(if_match), done = std::move(done)]() mutable {
        done(engine_.catalog().update_function(service, name, std::move(change), if_match));
    });
}
void EngineFunctions::get_function(std::string service, std::string name, Done<Function> done) {
    done(engine_.catalog().get_function(service, name));
}
void EngineFunctions::delete_function(std::string service, std::string name, std::string if_match, Done<> done) {
    later([this, service = std::move(service), name = std::move(name), if_match = std::move(if_match),
           done = std::move(done)] { done(engine_.catalog().delete_function(service, name, if_match)); });
}
void EngineFunctions::list_functions(std::string service, PageRequest request, Done<Page<Function>> done) {
    done(engine_.catalog().list_functions(service, request));
}

void EngineFunctions::invoke(InvokeRequest request, Done<InvokeReport> done) {
    engine_.invoke(std::move(request), std::move(done));
}
void EngineFunctions::invocation(std::string request_id, Done<InvokeReport> done) {
    done(engine_.invocation(request_id));
}
void EngineFunctions::instances(std::string service, std::string function, Done<std::vector<Instance>> done) {
    done(engine_.instances(service, function));
}
void EngineFunctions::evict_instances(std::string service, std::string function, Done<std::uint64_t> done) {
    done(engine_.evict_instances(service, function));
}

std::vector<api::RuntimeSummary> EngineFunctions::runtimes() const {
    std::vector<api::RuntimeSummary> all;
    for (RuntimeState& runtime : engine_.runtimes())
        all.push_back({std::move(runtime.name), std::move(runtime.serves)});
    return all;
}

}  // namespace hotcell::daemon
