// Services and functions as rows. What is asked of it has been checked already: a row that does not fit is a bug or a damage.
//
// Not here: rules, pages, who may change what (catalog.h). Threads: one at a time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/database/database.h"
#include "hotcell/catalog.h"

namespace hotcell::catalog {

class CatalogStore {
public:
    static Result<CatalogStore> open(const std::string& path);

    Result<std::vector<Service>> read_services();
    /// With the names of their services.
    Result<std::vector<Function>> read_functions();

    /// Each is one transaction.
    Result<> insert(const Service& service);
    Result<> update(const Service& service);
    Result<> remove(const Service& service);
    Result<> insert(const Function& function, std::string_view service_id);
    Result<> update(const Function& function);
    Result<> remove(const Function& function);

private:
    explicit CatalogStore(database::Database database) : database_(std::move(database)) {}
    Result<> write_package(const Function& function);
    Result<> write_environment(const Function& function);
    Result<> drop_unused_packages();

    database::Database database_;
};

}  // namespace hotcell::catalog
