// A FunctionService that keeps services and functions in memory and answers calls as the test says: enough behaviour for
// every status of the API. It knows no limit of the engine.
#pragma once

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "engine/api/function_service.h"
#include "engine/base/result.h"

namespace hotcell::api {

class FakeFunctionService : public FunctionService {
public:
    void create_service(Service service, Done<Service> done) override {
        const std::lock_guard lock(mutex_);
        if (services_.contains(service.name))
            return done(refuse(ErrorKind::Conflict, "ServiceAlreadyExists", "service '" + service.name + "' exists"));
        stamp(service);
        done(services_[service.name] = service);
    }
    void update_service(std::string name, ServiceChange change, std::string if_match, Done<Service> done) override {
        const std::lock_guard lock(mutex_);
        auto found = find(services_, name, no_service(name), if_match);
        if (!found) return done(std::unexpected(found.error()));
        Service& service = **found;
        if (change.description) service.settings.description = *change.description;
        if (change.role) service.settings.role = *change.role;
        if (change.log) service.settings.log = *change.log;
        if (change.internet_access) service.settings.internet_access = *change.internet_access;
        stamp(service);
        done(service);
    }
    void get_service(std::string name, Done<Service> done) override {
        const std::lock_guard lock(mutex_);
        auto found = find(services_, name, no_service(name));
        found ? done(**found) : done(std::unexpected(found.error()));
    }
    void delete_service(std::string name, std::string if_match, Done<> done) override {
        const std::lock_guard lock(mutex_);
        if (auto found = find(services_, name, no_service(name), if_match); !found)
            return done(std::unexpected(found.error()));
        for (const auto& [key, function] : functions_)
            if (key.first == name) return done(refuse(ErrorKind::Conflict, "ServiceNotEmpty", "it has functions"));
        services_.erase(name);
        done({});
    }
    void list_services(PageRequest request, Done<Page<Service>> done) override {
        const std::lock_guard lock(mutex_);
        std::vector<Service> all;
        for (const auto& [name, service] : services_) all.push_back(service);
        done(page_of(std::move(all), request));
    }
    void create_function(Function function, std::string zip, std::optional<std::uint64_t> expected_checksum,
                         Done<Function> done) override {
        const std::lock_guard lock(mutex_);
        if (!services_.contains(function.service)) return done(no_service(function.service));
        const std::pair key(function.service, function.name);
        if (functions_.contains(key)) return done(refuse(ErrorKind::Conflict, "FunctionAlreadyExists", "it exists"));
        if (expected_checksum && *expected_checksum != kChecksum)
            return done(refuse(ErrorKind::InvalidArgument, "InvalidArgument", "code: another checksum"));
        set_code(function, std::move(zip));
        stamp(function);
        done(functions_[key] = function);
    }
    void update_function(std::string service, std::string name, FunctionChange change, std::optional<std::uint64_t>,
                         std::string if_match, Done<Function> done) override {
        const std::lock_guard lock(mutex_);
        auto found = find(functions_, {service, name}, no_function(service, name), if_match);
        if (!found) return done(std::unexpected(found.error()));
        Function& function = **found;
        if (change.description) function.settings.description = *change.description;
        if (change.runtime) function.settings.runtime = *change.runtime;
        if (change.handler) function.settings.handler = *change.handler;
        if (change.initializer) function.settings.initializer = *change.initializer;
        if (change.timeout_s) function.settings.timeout_s = *change.timeout_s;
        if (change.initialization_timeout_s)
            function.settings.initialization_timeout_s = *change.initialization_timeout_s;
        if (change.memory_mib) function.settings.memory_mib = *change.memory_mib;
        if (change.environment) function.settings.environment = *change.environment;
        if (change.zip) set_code(function, std::move(*change.zip));
        stamp(function);
        done(function);
    }
    void get_function(std::string service, std::string name, Done<Function> done) override {
        const std::lock_guard lock(mutex_);
        auto found = find(functions_, {service, name}, no_function(service, name));
        found ? done(**found) : done(std::unexpected(found.error()));
    }
    void delete_function(std::string service, std::string name, std::string if_match, Done<> done) override {
        const std::lock_guard lock(mutex_);
        auto found = find(functions_, {service, name}, no_function(service, name), if_match);
        if (!found) return done(std::unexpected(found.error()));
        functions_.erase({service, name});
        done({});
    }
    void list_functions(std::string service, PageRequest request, Done<Page<Function>> done) override {
        const std::lock_guard lock(mutex_);
        if (!services_.contains(service)) return done(no_service(service));
        std::vector<Function> all;
        for (const auto& [key, function] : functions_)
            if (key.first == service) all.push_back(function);
        done(page_of(std::move(all), request));
    }
    void invoke(InvokeRequest request, Done<InvokeReport> done) override {
        Result<InvokeReport> report = answer_(request);
        {
            const std::lock_guard lock(mutex_);
            calls_.push_back(request);
            if (report) {
                report->request_id = request.request_id;
                reports_[request.request_id] = *report;
            }
        }
        done(std::move(report));
    }
    void invocation(std::string request_id, Done<InvokeReport> done) override {
        const std::lock_guard lock(mutex_);
        const auto found = reports_.find(request_id);
        if (found != reports_.end()) return done(found->second);
        done(refuse(ErrorKind::NotFound, "InvocationNotFound", "invocation '" + request_id + "' is not known"));
    }
    void instances(std::string service, std::string function, Done<std::vector<Instance>> done) override {
        done(select(service, function));
    }
    void evict_instances(std::string service, std::string function, Done<std::uint64_t> done) override {
        done(select(service, function).size());
    }
    std::vector<RuntimeSummary> runtimes() const override { return {{"python3", {"python3", "python3.10"}}}; }
    std::string metrics() const override { return "# TYPE hotcell_invocations_total counter\n"; }

    std::vector<InvokeRequest> calls() const {
        const std::lock_guard lock(mutex_);
        return calls_;
    }
    std::string zip() const {
        const std::lock_guard lock(mutex_);
        return zip_;
    }
    std::size_t services() const {
        const std::lock_guard lock(mutex_);
        return services_.size();
    }
    std::size_t functions() const {
        const std::lock_guard lock(mutex_);
        return functions_.size();
    }

    static constexpr std::uint64_t kChecksum = 18446744073709551615u;

    std::function<Result<InvokeReport>(const InvokeRequest&)> answer_ = [](const InvokeRequest& request) {
        InvokeReport report;
        report.payload = request.event;
        report.version = "LATEST";
        report.instance_id = "c-1";
        report.code_checksum = 42;
        report.start = "warm";
        report.handler = Nanos(3'870'000);
        report.peak_memory = Bytes{105'130'230};
        if (request.log_tail) report.log_tail = "a line of the log\n";
        report.phases = {{"queue", Nanos(12'000)}, {"handler", Nanos(3'870'000)}};
        report.total = Nanos(4'000'000);
        return report;
    };
    std::vector<Instance> instances_{{"c-1", "img", "resize", "LATEST", "idle", "zygote", 0, 7, mebibytes(20)},
                                     {"c-2", "img", "crop", "LATEST", "busy", "exec", 0, 1, mebibytes(30)}};

private:
    static std::unexpected<Error> refuse(ErrorKind kind, std::string code, std::string words) {
        return std::unexpected(Error{kind, 0, std::move(words), "", std::move(code)});
    }
    static std::unexpected<Error> no_service(const std::string& name) {
        return refuse(ErrorKind::NotFound, "ServiceNotFound", "service '" + name + "' does not exist");
    }
    std::unexpected<Error> no_function(const std::string& service, const std::string& name) const {
        if (!services_.contains(service)) return no_service(service);
        return refuse(ErrorKind::NotFound, "FunctionNotFound",
                      "function '" + name + "' does not exist in service '" + service + "'");
    }
    template <class Map>
    static Result<typename Map::mapped_type*> find(Map& map, const typename Map::key_type& key,
                                                   std::unexpected<Error> missing, const std::string& if_match = "") {
        const auto found = map.find(key);
        if (found == map.end()) return missing;
        if (!if_match.empty() && if_match != found->second.etag)
            return refuse(ErrorKind::Conflict, "PreconditionFailed", "the resource being modified has been changed");
        return &found->second;
    }
    template <class Thing>
    void stamp(Thing& thing) {
        if (thing.id.empty()) thing.id = "id-of-" + thing.name;
        thing.created_ms = 1'478'073'600'000;
        thing.modified_ms = 1'478'073'600'123;
        thing.etag = "e" + std::to_string(++stamps_);
    }
    void set_code(Function& function, std::string zip) {
        function.code.size = zip.size();
        function.code.checksum = kChecksum;
        zip_ = std::move(zip);
    }
    template <class Thing>
    static Page<Thing> page_of(std::vector<Thing> all, const PageRequest& request) {
        Page<Thing> page;
        for (auto& thing : all) {
            const auto& from = request.next_token.empty() ? request.start_key : request.next_token;
            if (!thing.name.starts_with(request.prefix) || thing.name < from) continue;
            if (page.items.size() == request.limit) {
                page.next_token = thing.name;
                break;
            }
            page.items.push_back(std::move(thing));
        }
        return page;
    }
    std::vector<Instance> select(const std::string& service, const std::string& function) const {
        std::vector<Instance> found;
        std::ranges::copy_if(instances_, std::back_inserter(found), [&](const Instance& instance) {
            return (service.empty() || service == instance.service) &&
                   (function.empty() || function == instance.function);
        });
        return found;
    }

    mutable std::mutex mutex_;
    std::map<std::string, Service> services_;
    std::map<std::pair<std::string, std::string>, Function> functions_;
    std::map<std::string, InvokeReport> reports_;
    std::vector<InvokeRequest> calls_;
    std::string zip_;
    unsigned stamps_ = 0;
};

}  // namespace hotcell::api
