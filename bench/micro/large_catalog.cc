#include "bench/micro/large_catalog.h"

#include <sqlite3.h>

#include <memory>
#include <stdexcept>

#include "engine/catalog/ledger.h"

namespace hotcell::bench {

namespace {

template <class Value>
Value must(Result<Value> result) {
    if (!result) throw std::runtime_error(result.error().message());
    return std::move(*result);
}

/// One of each, in the ledger's own words; the rows of the others are copies of its rows.
void make_pattern(const std::string& path) {
    auto ledger = must(catalog::Ledger::open(path, {"python3"}));
    Service service;
    service.name = "load-pattern";
    must(ledger.create_service(service));
    Function function;
    function.service = service.name;
    function.name = "pattern";
    function.settings.runtime = "python3";
    function.settings.handler = "index.handler";
    function.settings.environment = {{"GREETING", "hello"}, {"STAGE", "production"}};
    function.code.name = std::string(64, 'a');
    must(ledger.create_function(function));
}

void run(sqlite3* database, const std::string& sql) {
    char* words = nullptr;
    if (sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &words) == SQLITE_OK) return;
    const std::string said = words == nullptr ? "sqlite" : words;
    sqlite3_free(words);
    throw std::runtime_error(said + " in " + sql);
}

std::string numbers(const char* table, int most) {
    return std::string(table) + "(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM " + table + " WHERE n < " +
           std::to_string(most) + ")";
}

}  // namespace

void fill_catalog(const std::string& path, const CatalogSize& size) {
    make_pattern(path);
    sqlite3* opened = nullptr;
    if (sqlite3_open_v2(path.c_str(), &opened, SQLITE_OPEN_READWRITE, nullptr) != SQLITE_OK)
        throw std::runtime_error("open " + path);
    const std::unique_ptr<sqlite3, int (*)(sqlite3*)> database(opened, sqlite3_close);
    const std::string s = numbers("s", size.services), f = numbers("f", size.functions),
                      v = numbers("v", size.versions);
    const std::string pattern =
        " FROM service_revisions r, s WHERE r.number = (SELECT revision FROM services WHERE name = 'load-pattern')";
    run(opened, "PRAGMA synchronous = OFF; BEGIN");
    run(opened,
        "CREATE TEMP TABLE base AS SELECT (SELECT max(number) FROM service_revisions) AS services, "
        "(SELECT max(number) FROM function_revisions) AS functions");
    run(opened, "WITH RECURSIVE " + s +
                    " INSERT INTO service_revisions SELECT (SELECT services FROM base) + n, "
                    "'service-' || n, settings, modified_ms, etag" +
                    pattern);
    run(opened, "WITH RECURSIVE " + s +
                    " INSERT INTO services SELECT 'service-' || n, 'load-' || n, "
                    "(SELECT services FROM base) + n, '{}', 1, " +
                    std::to_string(size.versions) + " FROM s");
    const std::string number =
        "(SELECT functions FROM base) + (s.n - 1) * " + std::to_string(size.functions) + " + f.n";
    run(opened,
        "WITH RECURSIVE " + s + ", " + f +
            " INSERT INTO function_revisions (number, service_id, function_id, name, "
            "settings, code_name, code_size, code_checksum, package, created_ms, modified_ms, etag) SELECT " +
            number +
            ", 'service-' || s.n, 'function-' || s.n || '-' || f.n, 'f-' || f.n, settings, code_name, code_size, "
            "code_checksum, package, created_ms, modified_ms, etag FROM function_revisions r, s, f "
            "WHERE r.number = (SELECT revision FROM functions WHERE name = 'pattern')");
    run(opened, "WITH RECURSIVE " + s + ", " + f +
                    " INSERT INTO functions SELECT 'function-' || s.n || '-' || f.n, "
                    "'service-' || s.n, 'f-' || f.n, " +
                    number + " FROM s, f");
    run(opened,
        "CREATE TEMP TABLE sets AS SELECT service_id, group_concat(number) AS numbers FROM function_revisions "
        "WHERE service_id LIKE 'service-%' GROUP BY service_id");
    run(opened,
        "WITH RECURSIVE " + s + ", " + v +
            " INSERT INTO versions SELECT 'service-' || s.n, v.n, '', 1, "
            "(SELECT services FROM base) + s.n, numbers FROM s, v, sets WHERE sets.service_id = 'service-' || s.n");
    run(opened, "COMMIT");
}

}  // namespace hotcell::bench
