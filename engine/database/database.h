// SQLite behind values with words: one connection, statements, transactions. sqlite3.h stays in database.cc.
//
// Here: how a database is opened so that what was committed survives a kill and a power cut (write-ahead log, synced at
// each commit), and that there is one writer: the file is locked for as long as it is open. Not here: what is in it, which
// the rooms that keep something say (catalog/store, dispatch/async). Threads: one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace hotcell::database {

/// What a file is for, and how it came to its schema.
struct Kind {
    std::string_view name;                         // for messages: "catalog"
    std::int64_t application;                      // marks a file as one of these (PRAGMA application_id)
    std::span<const std::string_view> migrations;  // from an empty file to today's schema; their number is the schema's
};

/// Any bytes, as a value of a column that is a BLOB.
struct Blob {
    std::string_view bytes;
};

/// One statement with its parameters bound in order. Made by Database::prepare; lives within a function, or as long as the
/// database where it is run again and again.
class Statement {
public:
    Statement& bind(std::string_view text);
    Statement& bind(std::int64_t number);
    Statement& bind(Blob blob);
    /// Forgets the rows and the parameters: the statement can be bound and run anew.
    Statement& reset();

    /// True: there is a row. False: it is done. An error has SQLite's words.
    Result<bool> step();
    /// For statements without rows.
    Result<> run();
    /// Of a TEXT or a BLOB.
    std::string text(int column) const;
    std::int64_t number(int column) const;

private:
    friend class Database;
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    Statement(sqlite3* database, std::string_view kind, sqlite3_stmt* statement)
        : database_(database), kind_(kind), statement_(statement) {}

    sqlite3* database_;
    std::string_view kind_;
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
    int bound_ = 0;
    int failed_ = 0;  // the first bind that SQLite refused
};

class Database {
public:
    /// Opens or makes the file, checks that it is of this kind, and brings its schema to today's. Conflict: another process
    /// has it open, or it was written by a newer engine. Broken: it is of another kind, or damaged. `kind` is kept.
    static Result<Database> open(const std::string& path, const Kind& kind);

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
    Database(sqlite3* database, const Kind& kind) : database_(database), kind_(&kind) {}
    Result<> configure();
    Result<> migrate();
    Result<> apply_step(std::size_t number);
    Result<std::int64_t> pragma(std::string_view name);
    void roll_back();

    std::unique_ptr<sqlite3, Close> database_;
    const Kind* kind_;
};

}  // namespace hotcell::database
