#include "engine/catalog/store/catalog_store.h"

#include <bit>
#include <charconv>

#include "engine/catalog/store/migrations.h"
#include "engine/catalog/store/settings_json.h"

namespace hotcell::catalog {

using database::Database;
using database::Statement;

namespace {

std::int64_t as_stored(std::uint64_t value) { return std::bit_cast<std::int64_t>(value); }

std::string joined(const std::vector<std::int64_t>& numbers) {
    std::string text;
    for (const std::int64_t number : numbers) text += (text.empty() ? "" : ",") + std::to_string(number);
    return text;
}

std::vector<std::int64_t> parted(std::string_view text) {
    std::vector<std::int64_t> numbers;
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at < end) {
        const auto [next, error] = std::from_chars(at, end, numbers.emplace_back());
        if (error != std::errc()) return numbers;  // 0, which no revision has: the ledger says so
        at = next + 1;
    }
    return numbers;
}

}  // namespace

Result<CatalogStore> CatalogStore::open(const std::string& path) {
    static const database::Kind kKind{"catalog", 0x68634361, migrations()};  // "hcCa"
    return CatalogStore(TRY(Database::open(path, kKind)));
}

Result<std::vector<StoredService>> CatalogStore::read_services() {
    Statement rows = TRY(database_.prepare("SELECT id, name, revision, tags, created_ms, last_version FROM services"));
    std::vector<StoredService> all;
    while (TRY(rows.step())) {
        StoredService& one = all.emplace_back();
        one.service.id = rows.text(0);
        one.service.name = rows.text(1);
        one.revision = rows.number(2);
        TRY(read_json(rows.text(3), one.service.tags));
        one.service.created_ms = rows.number(4);
        one.last_version = static_cast<std::uint64_t>(rows.number(5));
    }
    return all;
}

Result<std::vector<StoredServiceRevision>> CatalogStore::read_service_revisions() {
    Statement rows =
        TRY(database_.prepare("SELECT number, service_id, settings, modified_ms, etag FROM service_revisions"));
    std::vector<StoredServiceRevision> all;
    while (TRY(rows.step())) {
        StoredServiceRevision& one = all.emplace_back();
        one.number = rows.number(0);
        one.service_id = rows.text(1);
        TRY(read_json(rows.text(2), one.settings));
        one.modified_ms = rows.number(3);
        one.etag = rows.text(4);
    }
    return all;
}

Result<std::vector<StoredFunctionRevision>> CatalogStore::read_function_revisions() {
    Statement rows = TRY(database_.prepare(
        "SELECT r.number, r.service_id, r.function_id, r.name, r.settings, r.code_name, r.code_size, r.code_checksum, "
        "r.package, r.created_ms, r.modified_ms, r.etag, f.revision IS NOT NULL, r.layers "
        "FROM function_revisions r LEFT JOIN functions f ON f.id = r.function_id AND f.revision = r.number"));
    std::vector<StoredFunctionRevision> all;
    while (TRY(rows.step())) {
        StoredFunctionRevision& one = all.emplace_back();
        one.number = rows.number(0);
        one.service_id = rows.text(1);
        Function& function = one.function;
        function.id = rows.text(2);
        function.name = rows.text(3);
        TRY(read_json(rows.text(4), function.settings));
        function.code = {rows.text(5), static_cast<std::uint64_t>(rows.number(6)),
                         std::bit_cast<std::uint64_t>(rows.number(7)), rows.text(8), rows.text(13)};
        function.created_ms = rows.number(9);
        function.modified_ms = rows.number(10);
        function.etag = rows.text(11);
        one.is_latest = rows.number(12) != 0;
    }
    return all;
}

Result<std::vector<StoredVersion>> CatalogStore::read_versions() {
    Statement rows = TRY(
        database_.prepare("SELECT service_id, id, description, created_ms, service_revision, functions FROM versions "
                          "ORDER BY service_id, id"));
    std::vector<StoredVersion> all;
    while (TRY(rows.step())) {
        StoredVersion& one = all.emplace_back();
        one.service_id = rows.text(0);
        one.version.id = static_cast<std::uint64_t>(rows.number(1));
        one.version.description = rows.text(2);
        one.version.created_ms = one.version.modified_ms = rows.number(3);
        one.service_revision = rows.number(4);
        one.functions = parted(rows.text(5));
    }
    return all;
}

Result<std::vector<StoredAlias>> CatalogStore::read_aliases() {
    Statement rows = TRY(database_.prepare(
        "SELECT service_id, name, description, version, extra_weights, created_ms, modified_ms, etag FROM aliases"));
    std::vector<StoredAlias> all;
    while (TRY(rows.step())) {
        StoredAlias& one = all.emplace_back();
        one.service_id = rows.text(0);
        one.alias.name = rows.text(1);
        one.alias.description = rows.text(2);
        one.alias.version = rows.text(3);
        TRY(read_json(rows.text(4), one.alias.extra_weights));
        one.alias.created_ms = rows.number(5);
        one.alias.modified_ms = rows.number(6);
        one.alias.etag = rows.text(7);
    }
    return all;
}

Result<std::vector<StoredDocument>> CatalogStore::read_documents() {
    Statement rows = TRY(database_.prepare(
        "SELECT kind, service, function, name, body, id, created_ms, modified_ms, etag FROM documents"));
    std::vector<StoredDocument> all;
    while (TRY(rows.step()))
        all.push_back({rows.text(0), rows.text(1), rows.text(2), rows.text(3), rows.text(4), rows.text(5),
                       rows.number(6), rows.number(7), rows.text(8)});
    return all;
}

Result<std::int64_t> CatalogStore::write_revision(const Service& service) {
    Statement insert = TRY(
        database_.prepare("INSERT INTO service_revisions (service_id, settings, modified_ms, etag) VALUES (?, ?, ?, ?) "
                          "RETURNING number"));
    insert.bind(service.id).bind(as_json(service.settings)).bind(service.modified_ms).bind(service.etag);
    TRY(insert.step());
    return insert.number(0);
}

Result<std::int64_t> CatalogStore::write_revision(const Function& function, std::string_view service_id) {
    Statement insert = TRY(database_.prepare(
        "INSERT INTO function_revisions (service_id, function_id, name, settings, code_name, code_size, code_checksum, "
        "package, created_ms, modified_ms, etag, layers) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING "
        "number"));
    insert.bind(service_id).bind(function.id).bind(function.name).bind(as_json(function.settings));
    insert.bind(function.code.name).bind(as_stored(function.code.size)).bind(as_stored(function.code.checksum));
    insert.bind(function.code.package).bind(function.created_ms).bind(function.modified_ms).bind(function.etag);
    insert.bind(function.code.layers);
    TRY(insert.step());
    return insert.number(0);
}

Result<> CatalogStore::drop(const Unused& unused) {
    if (unused.service_revision != 0)
        TRY(database_.run("DELETE FROM service_revisions WHERE number = ?", unused.service_revision));
    for (const std::int64_t number : unused.function_revisions)
        TRY(database_.run("DELETE FROM function_revisions WHERE number = ?", number));
    return {};
}

Result<std::int64_t> CatalogStore::insert(const Service& service) {
    std::int64_t number = 0;
    const auto write = [&]() -> Result<> {
        number = TRY(write_revision(service));
        return database_.run("INSERT INTO services VALUES (?, ?, ?, ?, ?, 0)", service.id, service.name, number,
                             as_json(service.tags), service.created_ms);
    };
    TRY(database_.transact(write));
    return number;
}

Result<std::int64_t> CatalogStore::update(const Service& service, const Unused& unused) {
    std::int64_t number = 0;
    const auto write = [&]() -> Result<> {
        number = TRY(write_revision(service));
        TRY(database_.run("UPDATE services SET revision = ? WHERE id = ?", number, service.id));
        return drop(unused);
    };
    TRY(database_.transact(write));
    return number;
}

Result<> CatalogStore::set_tags(const Service& service) {
    return database_.transact(
        [&] { return database_.run("UPDATE services SET tags = ? WHERE id = ?", as_json(service.tags), service.id); });
}

Result<> CatalogStore::remove(const Service& service, const Unused& unused) {
    return database_.transact([&]() -> Result<> {
        TRY(database_.run("DELETE FROM documents WHERE service = ?", service.name));
        TRY(database_.run("DELETE FROM aliases WHERE service_id = ?", service.id));
        TRY(database_.run("DELETE FROM services WHERE id = ?", service.id));
        return drop(unused);
    });
}

Result<std::int64_t> CatalogStore::insert(const Function& function, std::string_view service_id) {
    std::int64_t number = 0;
    const auto write = [&]() -> Result<> {
        number = TRY(write_revision(function, service_id));
        return database_.run("INSERT INTO functions VALUES (?, ?, ?, ?)", function.id, service_id, function.name,
                             number);
    };
    TRY(database_.transact(write));
    return number;
}

Result<std::int64_t> CatalogStore::update(const Function& function, std::string_view service_id, const Unused& unused) {
    std::int64_t number = 0;
    const auto write = [&]() -> Result<> {
        number = TRY(write_revision(function, service_id));
        TRY(database_.run("UPDATE functions SET revision = ? WHERE id = ?", number, function.id));
        return drop(unused);
    };
    TRY(database_.transact(write));
    return number;
}

Result<> CatalogStore::remove(const Function& function, const Unused& unused) {
    return database_.transact([&]() -> Result<> {
        TRY(database_.run("DELETE FROM documents WHERE service = ? AND function = ? AND name = 'LATEST'",
                          function.service, function.name));
        TRY(database_.run("DELETE FROM functions WHERE id = ?", function.id));
        return drop(unused);
    });
}

Result<> CatalogStore::insert(const StoredVersion& version) {
    return database_.transact([&]() -> Result<> {
        const auto id = static_cast<std::int64_t>(version.version.id);
        TRY(database_.run("INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?)", version.service_id, id,
                          version.version.description, version.version.created_ms, version.service_revision,
                          joined(version.functions)));
        return database_.run("UPDATE services SET last_version = ? WHERE id = ?", id, version.service_id);
    });
}

Result<> CatalogStore::remove_version(std::string_view service_id, std::uint64_t id, const Unused& unused) {
    return database_.transact([&]() -> Result<> {
        TRY(database_.run("DELETE FROM versions WHERE service_id = ? AND id = ?", service_id,
                          static_cast<std::int64_t>(id)));
        return drop(unused);
    });
}

Result<> CatalogStore::put(std::string_view service_id, const Alias& alias) {
    return database_.transact([&] {
        return database_.run("INSERT OR REPLACE INTO aliases VALUES (?, ?, ?, ?, ?, ?, ?, ?)", service_id, alias.name,
                             alias.description, alias.version, as_json(alias.extra_weights), alias.created_ms,
                             alias.modified_ms, alias.etag);
    });
}

Result<> CatalogStore::remove_alias(std::string_view service_id, std::string_view name) {
    return database_.transact(
        [&] { return database_.run("DELETE FROM aliases WHERE service_id = ? AND name = ?", service_id, name); });
}

Result<> CatalogStore::put(const StoredDocument& document) {
    return database_.transact([&] {
        return database_.run("INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", document.kind,
                             document.service, document.function, document.name, document.body, document.id,
                             document.created_ms, document.modified_ms, document.etag);
    });
}

Result<> CatalogStore::remove(const StoredDocument& document) {
    return database_.transact([&] {
        return database_.run("DELETE FROM documents WHERE kind = ? AND service = ? AND function = ? AND name = ?",
                             document.kind, document.service, document.function, document.name);
    });
}

}  // namespace hotcell::catalog
