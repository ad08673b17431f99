#include "engine/catalog/store/catalog_store.h"

#include <bit>

#include "engine/catalog/store/migrations.h"

namespace hotcell::catalog {

using database::Database;
using database::Statement;

namespace {

std::int64_t as_stored(std::uint64_t value) { return std::bit_cast<std::int64_t>(value); }

}  // namespace

Result<CatalogStore> CatalogStore::open(const std::string& path) {
    static const database::Kind kKind{"catalog", 0x68634361, migrations()};  // "hcCa"
    return CatalogStore(TRY(Database::open(path, kKind)));
}

Result<std::vector<Service>> CatalogStore::read_services() {
    Statement rows = TRY(
        database_.prepare("SELECT id, name, description, role, log_project, log_logstore, internet_access, created_ms, "
                          "modified_ms, etag FROM services"));
    std::vector<Service> services;
    while (TRY(rows.step())) {
        Service& service = services.emplace_back();
        service.id = rows.text(0);
        service.name = rows.text(1);
        service.settings.description = rows.text(2);
        service.settings.role = rows.text(3);
        service.settings.log = {rows.text(4), rows.text(5)};
        service.settings.internet_access = rows.number(6) != 0;
        service.created_ms = rows.number(7);
        service.modified_ms = rows.number(8);
        service.etag = rows.text(9);
    }
    return services;
}

Result<std::vector<Function>> CatalogStore::read_functions() {
    Statement rows = TRY(database_.prepare(
        "SELECT f.id, s.name, f.name, f.description, f.runtime, f.handler, f.initializer, f.timeout_s, "
        "f.initialization_timeout_s, f.memory_mib, f.created_ms, f.modified_ms, f.etag, p.name, p.size, p.checksum "
        "FROM functions f JOIN services s ON s.id = f.service_id JOIN packages p ON p.name = f.package"));
    std::vector<Function> functions;
    while (TRY(rows.step())) {
        Function& function = functions.emplace_back();
        function.id = rows.text(0);
        function.service = rows.text(1);
        function.name = rows.text(2);
        function.settings.description = rows.text(3);
        function.settings.runtime = rows.text(4);
        function.settings.handler = rows.text(5);
        function.settings.initializer = rows.text(6);
        function.settings.timeout_s = static_cast<std::uint32_t>(rows.number(7));
        function.settings.initialization_timeout_s = static_cast<std::uint32_t>(rows.number(8));
        function.settings.memory_mib = static_cast<std::uint32_t>(rows.number(9));
        function.created_ms = rows.number(10);
        function.modified_ms = rows.number(11);
        function.etag = rows.text(12);
        function.code.name = rows.text(13);
        function.code.size = static_cast<std::uint64_t>(rows.number(14));
        function.code.checksum = std::bit_cast<std::uint64_t>(rows.number(15));
        Statement variables =
            TRY(database_.prepare("SELECT name, value FROM function_environment WHERE function_id = ?"));
        variables.bind(function.id);
        while (TRY(variables.step())) function.settings.environment.emplace(variables.text(0), variables.text(1));
    }
    return functions;
}

Result<> CatalogStore::insert(const Service& service) {
    return database_.transact([&] {
        return database_.run("INSERT INTO services VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", service.id, service.name,
                             service.settings.description, service.settings.role, service.settings.log.project,
                             service.settings.log.logstore, std::int64_t{service.settings.internet_access},
                             service.created_ms, service.modified_ms, service.etag);
    });
}

Result<> CatalogStore::update(const Service& service) {
    return database_.transact([&] {
        return database_.run(
            "UPDATE services SET description = ?, role = ?, log_project = ?, log_logstore = ?, internet_access = ?, "
            "modified_ms = ?, etag = ? WHERE id = ?",
            service.settings.description, service.settings.role, service.settings.log.project,
            service.settings.log.logstore, std::int64_t{service.settings.internet_access}, service.modified_ms,
            service.etag, service.id);
    });
}

Result<> CatalogStore::remove(const Service& service) {
    return database_.transact([&] { return database_.run("DELETE FROM services WHERE id = ?", service.id); });
}

Result<> CatalogStore::write_package(const Function& function) {
    return database_.run("INSERT INTO packages VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING", function.code.name,
                         as_stored(function.code.size), as_stored(function.code.checksum));
}

Result<> CatalogStore::write_environment(const Function& function) {
    TRY(database_.run("DELETE FROM function_environment WHERE function_id = ?", function.id));
    for (const auto& [name, value] : function.settings.environment)
        TRY(database_.run("INSERT INTO function_environment VALUES (?, ?, ?)", function.id, name, value));
    return {};
}

Result<> CatalogStore::drop_unused_packages() {
    return database_.run(
        "DELETE FROM packages WHERE NOT EXISTS (SELECT 1 FROM functions f WHERE f.package = packages.name)");
}

Result<> CatalogStore::insert(const Function& function, std::string_view service_id) {
    return database_.transact([&]() -> Result<> {
        TRY(write_package(function));
        TRY(database_.run(
            "INSERT INTO functions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", function.id, service_id,
            function.name, function.settings.description, function.settings.runtime, function.settings.handler,
            function.settings.initializer, std::int64_t{function.settings.timeout_s},
            std::int64_t{function.settings.initialization_timeout_s}, std::int64_t{function.settings.memory_mib},
            function.code.name, function.created_ms, function.modified_ms, function.etag));
        return write_environment(function);
    });
}

Result<> CatalogStore::update(const Function& function) {
    return database_.transact([&]() -> Result<> {
        TRY(write_package(function));
        TRY(database_.run(
            "UPDATE functions SET description = ?, runtime = ?, handler = ?, initializer = ?, timeout_s = ?, "
            "initialization_timeout_s = ?, memory_mib = ?, package = ?, modified_ms = ?, etag = ? WHERE id = ?",
            function.settings.description, function.settings.runtime, function.settings.handler,
            function.settings.initializer, std::int64_t{function.settings.timeout_s},
            std::int64_t{function.settings.initialization_timeout_s}, std::int64_t{function.settings.memory_mib},
            function.code.name, function.modified_ms, function.etag, function.id));
        TRY(write_environment(function));
        return drop_unused_packages();
    });
}

Result<> CatalogStore::remove(const Function& function) {
    return database_.transact([&]() -> Result<> {
        TRY(database_.run("DELETE FROM functions WHERE id = ?", function.id));
        return drop_unused_packages();
    });
}

}  // namespace hotcell::catalog
