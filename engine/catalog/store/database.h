// SQLite behind values with words: one connection, statements, transactions. sqlite3.h stays in database.cc.
//
// Here: how a database is opened so that what was committed survives a kill and a power cut (write-ahead log, synced at
// each commit), and that there is one writer: the file is locked for as long as it is open. Not here: what is in it.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace hotcell::catalog {

/// One statement with its parameters bound in order. Made by Database::prepare; lives within a function.
class Statement {
public:
    Statement& bind(std::string_view text);
    Statement& bind(std::int64_t number);

    /// True: there is a row. False: it is done. An error has SQLite's words.
    Result<bool> step();
    /// For statements without rows.
    Result<> run();
    std::string text(int column) const;
    std::int64_t number(int column) const;

private:
    friend class Database;
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    Statement(sqlite3* database, sqlite3_stmt* statement) : database_(database), statement_(statement) {}

    sqlite3* database_;
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
    int bound_ = 0;
    int failed_ = 0;  // the first bind that SQLite refused
};

class Database {
public:
    /// Opens or makes the file, checks that it is a catalog, and brings its schema to today's. Conflict: another process
    /// has it open, or it was written by a newer engine. Broken: it is not a catalog, or damaged.
    static Result<Database> open(const std::string& path);

    Result<Statement> prepare(std::string_view sql);
    /// A statement without rows, its parameters in order.
    template <class... Values>
    Result<> run(std::string_view sql, const Values&... values) {
        Statement statement = TRY(prepare(sql));
        (statement.bind(values), ...);
        return statement.run();
    }
    /// One or more statements without parameters.
    Result<> execute(const std::string& sql);

    /// Runs `body` as one transaction: all of it is on the disk when this returns, or nothing.
    template <class Body>
    Result<> transact(Body&& body) {
        TRY(execute("BEGIN IMMEDIATE"));
        Result<> done = body();
        if (done) done = execute("COMMIT");
        if (!done) roll_back();
        return done;
    }

private:
    struct Close {
        void operator()(sqlite3* database) const;
    };
    explicit Database(sqlite3* database) : database_(database) {}
    Result<> configure();
    Result<> migrate();
    Result<> apply_step(std::size_t number);
    Result<std::int64_t> pragma(std::string_view name);
    void roll_back();

    std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace hotcell::catalog
