// The ledger of what may run: services and functions, kept on disk and read from memory.
//
// Here: rules, existence, conditions (If-Match), ids, times and etags; a write has reached the disk when it returns. Not
// here: a package's bytes (environment/code), running anything, versions. Threads: all methods, any thread; writes take
// turns and block for the disk, reads never wait for one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/catalog/snapshot.h"
#include "hotcell/catalog.h"

namespace hotcell::catalog {

class Ledger {
public:
    /// Opens or makes the database. `runtimes` are the names that a function may have for its runtime. Conflict: another
    /// process has it open, or a newer engine wrote it. Broken: it is not a catalog, or damaged.
    static Result<Ledger> open(const std::string& path, std::vector<std::string> runtimes);
    Ledger(Ledger&&) noexcept;
    Ledger& operator=(Ledger&&) noexcept;
    ~Ledger();

    /// The catalog as it stands now; what is read from one snapshot fits together.
    std::shared_ptr<const Snapshot> snapshot() const;

    // In all of these: InvalidArgument; NotFound (ServiceNotFound, FunctionNotFound); Conflict (ServiceAlreadyExists,
    // FunctionAlreadyExists, ServiceNotEmpty, PreconditionFailed when `if_match` is neither empty nor the etag);
    // Exhausted (LimitExceededError; without a code: the disk is full). What failed has changed nothing.

    /// Fills in id, times and etag. So does create_function.
    Result<Service> create_service(Service service);
    Result<Service> update_service(std::string_view name, const ServiceChange& change, std::string_view if_match = {});
    Result<Service> service(std::string_view name) const;
    /// Only when it has no functions.
    Result<> delete_service(std::string_view name, std::string_view if_match = {});
    Result<Page<Service>> services(const PageRequest& request) const;

    /// With its code.
    Result<Function> create_function(Function function);
    /// `code` goes with a change that has a package, otherwise null; `change.zip` itself is not looked at.
    Result<Function> update_function(std::string_view service, std::string_view name, const FunctionChange& change,
                                     const CodeIdentity* code = nullptr, std::string_view if_match = {});
    Result<Function> function(std::string_view service, std::string_view name) const;
    Result<> delete_function(std::string_view service, std::string_view name, std::string_view if_match = {});
    Result<Page<Function>> functions(std::string_view service, const PageRequest& request) const;

private:
    struct State;
    explicit Ledger(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace hotcell::catalog
