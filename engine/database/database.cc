#include "engine/database/database.h"

#include <sqlite3.h>

#include <cerrno>

#include "engine/linux/files/files.h"

namespace hotcell::database {

namespace {

/// Readable by nobody else from its first moment: environments hold secrets. SQLite gives its log the same mode.
Result<> make_private(const std::string& path) {
    if (linux::exists(path)) return {};
    TRY(linux::write_new_file(path, "", 0600));
    const std::size_t slash = path.rfind('/');
    return linux::sync_directory(slash == path.npos ? "." : path.substr(0, slash + 1));
}

/// SQLite's answer in our kinds (https://www.sqlite.org/rescode.html).
std::unexpected<Error> failure(int code, std::string_view kind, const char* words, std::string doing) {
    const std::string name(kind);
    switch (code & 0xff) {
        case SQLITE_FULL:
            return std::unexpected(
                Error{ErrorKind::Exhausted, ENOSPC, std::move(doing),
                      "the file system of the " + name + " is full; what was there before is intact"});
        case SQLITE_BUSY:
        case SQLITE_LOCKED: return fail(ErrorKind::Conflict, doing + ": the " + name + " is open in another process");
        case SQLITE_CANTOPEN:
        case SQLITE_PERM:
        case SQLITE_READONLY: return fail(ErrorKind::Broken, doing + ": the file cannot be opened for writing");
        case SQLITE_NOTADB: return fail(ErrorKind::Broken, doing + ": the file is not a " + name);
        case SQLITE_CORRUPT: return fail(ErrorKind::Broken, doing + ": the " + name + " is damaged: " + words);
        case SQLITE_NOMEM: return fail(ErrorKind::Exhausted, doing + ": there is not enough memory");
        default: return fail(ErrorKind::Broken, doing + ": " + words);
    }
}

std::unexpected<Error> failure(sqlite3* database, std::string_view kind) {
    const int code = sqlite3_extended_errcode(database);
    std::string words = sqlite3_errmsg(database);
    if ((code & 0xff) == SQLITE_IOERR)  // which step of it, and what the system said
        words +=
            " (result code " + std::to_string(code) + ", errno " + std::to_string(sqlite3_system_errno(database)) + ")";
    return failure(code, kind, words.c_str(), "use the " + std::string(kind));
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Statement& Statement::bind(std::string_view text) {
    // "" instead of a null pointer, which would bind NULL
    const int code = sqlite3_bind_text(statement_.get(), ++bound_, text.empty() ? "" : text.data(),
                                       static_cast<int>(text.size()), SQLITE_TRANSIENT);
    if (failed_ == 0) failed_ = code;
    return *this;
}

Statement& Statement::bind(std::int64_t number) {
    const int code = sqlite3_bind_int64(statement_.get(), ++bound_, number);
    if (failed_ == 0) failed_ = code;
    return *this;
}

Statement& Statement::bind(Blob blob) {
    // "" instead of a null pointer, which would bind NULL
    const int code = sqlite3_bind_blob64(statement_.get(), ++bound_, blob.bytes.empty() ? "" : blob.bytes.data(),
                                         blob.bytes.size(), SQLITE_TRANSIENT);
    if (failed_ == 0) failed_ = code;
    return *this;
}

Statement& Statement::reset() {
    sqlite3_reset(statement_.get());  // says again what its last step has said
    sqlite3_clear_bindings(statement_.get());
    bound_ = failed_ = 0;
    return *this;
}

Result<bool> Statement::step() {
    if (failed_ != 0) return failure(failed_, kind_, sqlite3_errstr(failed_), "use the " + std::string(kind_));
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return failure(database_, kind_);
}

Result<> Statement::run() {
    TRY(step());
    return {};
}

std::string Statement::text(int column) const {
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
    if (bytes == nullptr) return {};
    return std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column)));
}

std::int64_t Statement::number(int column) const { return sqlite3_column_int64(statement_.get(), column); }

void Database::Close::operator()(sqlite3* database) const { sqlite3_close(database); }

Result<Database> Database::open(const std::string& path, const Kind& kind) {
    const std::string name(kind.name);
    TRY_IN("make the " + name, make_private(path));
    sqlite3* opened = nullptr;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    const int code = sqlite3_open_v2(path.c_str(), &opened, flags, nullptr);
    Database database(opened, kind);  // to be closed even when opening failed
    if (code != SQLITE_OK) return failure(code, name, sqlite3_errstr(code), "open the " + name + " " + path);
    sqlite3_extended_result_codes(opened, 1);
    TRY_IN("open the " + name + " " + path, database.configure());
    TRY_IN("open the " + name + " " + path, database.migrate());
    return database;
}

Result<> Database::configure() {
    // exclusive before the first access: then the log's index is in memory, and nobody else gets in
    TRY(execute("PRAGMA locking_mode = EXCLUSIVE"));
    const std::int64_t schema = TRY(pragma("user_version"));
    const std::int64_t application = TRY(pragma("application_id"));
    Statement any = TRY(prepare("SELECT count(*) FROM sqlite_schema"));
    TRY(any.step());
    const bool empty = any.number(0) == 0 && schema == 0 && application == 0;
    if (!empty && application != kind_->application)
        return fail(ErrorKind::Broken, "the file is not a " + std::string(kind_->name));
    const auto known = static_cast<std::int64_t>(kind_->migrations.size());
    if (schema < 0 || schema > known)
        return fail(ErrorKind::Conflict,
                    "it has schema " + std::to_string(schema) + ", this engine knows " + std::to_string(known),
                    "it was written by a newer engine: run that one, or restore a copy of before");
    return {};
}

Result<> Database::migrate() {
    TRY(
        execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
                "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
                "PRAGMA temp_store = MEMORY"));  // the daemon has no directory for temporary files
    for (auto done = static_cast<std::size_t>(TRY(pragma("user_version"))); done < kind_->migrations.size(); ++done)
        TRY_IN("bring it to schema " + std::to_string(done + 1), apply_step(done));
    return {};
}

Result<> Database::apply_step(std::size_t number) {
    return transact([&]() -> Result<> {
        TRY(execute(std::string(kind_->migrations[number])));
        return execute("PRAGMA application_id = " + std::to_string(kind_->application) +
                       "; PRAGMA user_version = " + std::to_string(number + 1));
    });
}

Result<std::int64_t> Database::pragma(std::string_view name) {
    Statement read = TRY(prepare("PRAGMA " + std::string(name)));
    TRY(read.step());
    return read.number(0);
}

Result<Statement> Database::prepare(std::string_view sql) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v2(database_.get(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
    if (code != SQLITE_OK) return failure(database_.get(), kind_->name);
    return Statement(database_.get(), kind_->name, statement);
}

Result<> Database::execute(const std::string& sql) {
    if (sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
        return failure(database_.get(), kind_->name);
    return {};
}

void Database::roll_back() {
    // a full disk or an I/O error may have rolled back by itself
    if (sqlite3_get_autocommit(database_.get()) == 0)
        sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

}  // namespace hotcell::database
