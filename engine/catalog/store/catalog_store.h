// Services, functions, versions and aliases as rows. What is asked of it has been checked already: a row that does not fit is a bug
// or a damage.
//
// Not here: rules, pages, who may change what (ledger.h). Threads: one at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/database/database.h"
#include "hotcell/catalog.h"

namespace hotcell::catalog {

struct StoredService {
    Service service;
    std::int64_t revision = 0;
    std::uint64_t last_version = 0;
};
struct StoredServiceRevision {
    std::int64_t number = 0;
    std::string service_id;
    ServiceSettings settings;
    std::int64_t modified_ms = 0;
    std::string etag;
};
struct StoredFunctionRevision {
    std::int64_t number = 0;
    std::string service_id;
    Function function;  // without the service's name
    bool is_latest = false;
};
struct StoredVersion {
    std::string service_id;
    Version version;
    std::int64_t service_revision = 0;
    std::vector<std::int64_t> functions;
};
struct StoredAlias {
    std::string service_id;
    Alias alias;
};
/// A trigger or a configuration.
struct StoredDocument {
    std::string kind;
    std::string service;
    std::string function;
    std::string name;
    std::string body{};
    std::string id{};
    std::int64_t created_ms = 0;
    std::int64_t modified_ms = 0;
    std::string etag{};
};
/// Rows that nothing points at any more.
struct Unused {
    std::int64_t service_revision = 0;  // 0: none
    std::vector<std::int64_t> function_revisions;
};

class CatalogStore {
public:
    static Result<CatalogStore> open(const std::string& path);

    Result<std::vector<StoredService>> read_services();  // without their settings
    Result<std::vector<StoredServiceRevision>> read_service_revisions();
    Result<std::vector<StoredFunctionRevision>> read_function_revisions();
    Result<std::vector<StoredVersion>> read_versions();  // by service and id
    Result<std::vector<StoredAlias>> read_aliases();
    Result<std::vector<StoredDocument>> read_documents();

    // Each is one transaction. The number of the revision that was made is the answer.
    Result<std::int64_t> insert(const Service& service);
    Result<std::int64_t> update(const Service& service, const Unused& unused);
    Result<> set_tags(const Service& service);
    /// With its aliases and all documents of the name.
    Result<> remove(const Service& service, const Unused& unused);
    Result<std::int64_t> insert(const Function& function, std::string_view service_id);
    Result<std::int64_t> update(const Function& function, std::string_view service_id, const Unused& unused);
    Result<> remove(const Function& function, const Unused& unused);
    Result<> insert(const StoredVersion& version);
    Result<> remove_version(std::string_view service_id, std::uint64_t id, const Unused& unused);
    Result<> put(std::string_view service_id, const Alias& alias);
    Result<> remove_alias(std::string_view service_id, std::string_view name);
    Result<> put(const StoredDocument& document);
    Result<> remove(const StoredDocument& document);

private:
    explicit CatalogStore(database::Database database) : database_(std::move(database)) {}
    Result<std::int64_t> write_revision(const Service& service);
    Result<std::int64_t> write_revision(const Function& function, std::string_view service_id);
    Result<> drop(const Unused& unused);

    database::Database database_;
};

}  // namespace hotcell::catalog
