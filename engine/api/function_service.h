// What the HTTP interface needs of an engine that keeps services and functions and calls them: the border that tests
// replace. Programs that run once are run_service.h.
//
// Names and shapes have been judged by the routes; that a thing exists, its limits and its etag are judged behind this
// border. Error.code carries FC's name ("ServiceNotFound"); the routes make the status of it.
// Threads: every method is called from the server's threads; `done` is called exactly once, from any thread, perhaps
// before the method returns.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "hotcell/catalog.h"
#include "hotcell/error.h"
#include "hotcell/invocation.h"

namespace hotcell::api {

/// A runtime as installed, and the names under which FC's clients ask for it.
struct RuntimeSummary {
    std::string name;                 // "python3"
    std::vector<std::string> serves;  // "python3", "python3.10" …
};

class FunctionService {
public:
    virtual ~FunctionService() = default;

    template <class T = void>
    using Done = std::function<void(Result<T>)>;

    /// `if_match` is an etag; empty: whatever there is.
    virtual void create_service(Service service, Done<Service> done) = 0;
    virtual void update_service(std::string name, ServiceChange change, std::string if_match, Done<Service> done) = 0;
    virtual void get_service(std::string name, Done<Service> done) = 0;
    virtual void delete_service(std::string name, std::string if_match, Done<> done) = 0;
    virtual void list_services(PageRequest request, Done<Page<Service>> done) = 0;

    /// `zip` are the package's bytes; `expected_checksum` what the client says their CRC-64 is.
    virtual void create_function(Function function, std::string zip, std::optional<std::uint64_t> expected_checksum,
                                 Done<Function> done) = 0;
    /// `expected_checksum` is of `change.zip`.
    virtual void update_function(std::string service, std::string name, FunctionChange change,
                                 std::optional<std::uint64_t> expected_checksum, std::string if_match,
                                 Done<Function> done) = 0;
    virtual void get_function(std::string service, std::string name, Done<Function> done) = 0;
    virtual void delete_function(std::string service, std::string name, std::string if_match, Done<> done) = 0;
    virtual void list_functions(std::string service, PageRequest request, Done<Page<Function>> done) = 0;

    /// A function that fails is a report, not an error. `request.qualifier` is "" or "LATEST", as the caller wrote it.
    virtual void invoke(InvokeRequest request, Done<InvokeReport> done) = 0;
    /// A recent invocation, by its request id; NotFound once it is forgotten.
    virtual void invocation(std::string request_id, Done<InvokeReport> done) = 0;

    /// Empty names: of all services, of all functions of the service.
    virtual void instances(std::string service, std::string function, Done<std::vector<Instance>> done) = 0;
    /// Ends the idle ones, lets busy ones finish their call first; the number of both.
    virtual void evict_instances(std::string service, std::string function, Done<std::uint64_t> done) = 0;

    virtual std::vector<RuntimeSummary> runtimes() const = 0;
    /// Prometheus' text format, version 0.0.4.
    virtual std::string metrics() const = 0;
};

}  // namespace hotcell::api
