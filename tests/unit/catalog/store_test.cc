// What is on disk: who may open it, what survives a kill, and what a failing disk does.
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/catalog/ledger.h"
#include "engine/catalog/store/migrations.h"
#include "engine/linux/unique_fd.h"
#include "tests/support/temporary_directory.h"

namespace hotcell::catalog {
namespace {

class StoreTest : public ::testing::Test {
protected:
    Result<Ledger> open() const { return Ledger::open(path, {"python3"}); }
    void run_sql(const std::string& sql) const {
        sqlite3* database = nullptr;
        ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
        EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
            << sqlite3_errmsg(database);
        sqlite3_close(database);
    }
    std::string ask_sql(const std::string& sql) const {
        sqlite3* database = nullptr;
        EXPECT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
        std::string answer;
        sqlite3_exec(
            database, sql.c_str(),
            [](void* out, int, char** values, char**) {
                *static_cast<std::string*>(out) += values[0] != nullptr ? values[0] : "NULL";
                return 0;
            },
            &answer, nullptr);
        sqlite3_close(database);
        return answer;
    }

    TemporaryDirectory directory;
    const std::string path = directory / "catalog.db";
};

Service service_of(const std::string& name) {
    Service service;
    service.name = name;
    return service;
}

TEST_F(StoreTest, MakesAPrivateFileOfTodaysSchema) {
    { ASSERT_TRUE(open()); }
    struct stat seen {};
    ASSERT_EQ(::stat(path.c_str(), &seen), 0);
    EXPECT_EQ(seen.st_mode & 0777u, 0600u);
    EXPECT_EQ(ask_sql("PRAGMA user_version"), std::to_string(migrations().size()));
    EXPECT_EQ(ask_sql("PRAGMA journal_mode"), "wal");
    EXPECT_EQ(ask_sql("PRAGMA integrity_check"), "ok");
}

TEST_F(StoreTest, RefusesADatabaseOfANewerEngine) {
    { ASSERT_TRUE(open()); }
    const std::size_t newer = migrations().size() + 1;
    run_sql("PRAGMA user_version = " + std::to_string(newer));
    const auto opened = open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, ErrorKind::Conflict);
    EXPECT_NE(opened.error().message().find("it has schema " + std::to_string(newer) + ", this engine knows " +
                                            std::to_string(newer - 1)),
              std::string::npos)
        << opened.error().message();
    EXPECT_NE(opened.error().hint, "");
    EXPECT_EQ(ask_sql("PRAGMA user_version"), std::to_string(newer));  // untouched
}

TEST_F(StoreTest, OpensACatalogOfTheFirstSchema) {
    const std::string name(64, 'a');
    run_sql(std::string(migrations()[0]) +
            "PRAGMA application_id = 0x68634361; PRAGMA user_version = 1;"
            "INSERT INTO services VALUES ('id-s', 's', 'it''s \"so\"', 'role', 'p', 'l', 0, 1, 2, 'etag-s');"
            "INSERT INTO packages VALUES ('" +
            name +
            "', 10, -16);"
            "INSERT INTO functions VALUES ('id-f', 'id-s', 'f', '\xe5\xad\x97', 'python3', 'h', 'i', 5, 6, 256, '" +
            name + "', 3, 4, 'etag-f'), ('id-g', 'id-s', 'g', '', 'python3', 'h', '', 3, 3, 128, '" + name +
            "', 3, 4, 'etag-g');"
            "INSERT INTO function_environment VALUES ('id-f', 'A', 'one' || char(10) || '\"two\"')");
    for (int life = 0; life < 2; ++life) {
        auto catalog = open();
        ASSERT_TRUE(catalog) << catalog.error().message();
        const Service s = catalog->service("s").value();
        EXPECT_EQ(s.id, "id-s");
        EXPECT_EQ(s.etag, "etag-s");
        EXPECT_EQ(s.settings.description, "it's \"so\"");
        EXPECT_EQ(s.settings.role, "role");
        EXPECT_EQ(s.settings.log, (LogConfig{"p", "l"}));
        EXPECT_FALSE(s.settings.internet_access);
        const Function f = catalog->function("s", "f").value();
        EXPECT_EQ(f.id, "id-f");
        EXPECT_EQ(f.settings.description, "\xe5\xad\x97");
        EXPECT_EQ(f.settings.initializer, "i");
        EXPECT_EQ(f.settings.timeout_s, 5u);
        EXPECT_EQ(f.settings.memory_mib, 256u);
        EXPECT_EQ(f.settings.disk_mib, 512u) << "what the first schema did not know has its default";
        EXPECT_EQ(f.settings.environment, (std::map<std::string, std::string>{{"A", "one\n\"two\""}}));
        EXPECT_EQ(f.code, (CodeIdentity{name, 10, 0xffff'ffff'ffff'fff0, {}}));
        EXPECT_EQ(f.etag, "etag-f");
        EXPECT_EQ(catalog->functions("s", {})->items.size(), 2u);
    }
    EXPECT_EQ(ask_sql("PRAGMA foreign_key_check"), "");
    EXPECT_EQ(ask_sql("PRAGMA user_version"), std::to_string(migrations().size()));
    EXPECT_TRUE(open()->publish_version("s", ""));
}

TEST_F(StoreTest, RefusesAFileThatIsNotACatalog) {
    run_sql("CREATE TABLE theirs (x)");
    const auto theirs = open();
    ASSERT_FALSE(theirs);
    EXPECT_EQ(theirs.error().kind, ErrorKind::Broken);
    EXPECT_EQ(theirs.error().message(), "open the catalog " + path + ": the file is not a catalog");
    EXPECT_EQ(ask_sql("SELECT count(*) FROM sqlite_schema"), "1");

    ASSERT_EQ(::unlink(path.c_str()), 0);
    ASSERT_TRUE(linux::write_new_file(path, std::string(4096, 'x'), 0600));
    const auto text = open();
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().kind, ErrorKind::Broken);
}

TEST_F(StoreTest, RefusesADamagedCatalogAtTheLatestWhenItIsRead) {
    {
        auto catalog = open();
        for (int i = 0; i < 50; ++i) ASSERT_TRUE(catalog->create_service(service_of("service-" + std::to_string(i))));
    }
    std::string bytes = linux::read_file(path, 1 << 24).value();
    for (std::size_t at = 4096; at < bytes.size(); ++at) bytes[at] = 'x';
    ASSERT_EQ(::unlink(path.c_str()), 0);
    ASSERT_TRUE(linux::write_new_file(path, bytes, 0600));
    const auto opened = open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, ErrorKind::Broken);
    EXPECT_NE(opened.error().message().find("damaged"), std::string::npos) << opened.error().message();
}

TEST_F(StoreTest, HasOneWriter) {
    auto first = open();
    ASSERT_TRUE(first);
    const auto second = open();
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::Conflict);
    EXPECT_EQ(second.error().message(),
              "open the catalog " + path + ": use the catalog: the catalog is open in another process");
    EXPECT_TRUE(first->create_service(service_of("s")));
}

TEST_F(StoreTest, SaysWhenItsDirectoryIsMissing) {
    const auto opened = Ledger::open(directory / "missing/catalog.db", {});
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().message().find("make the catalog"), std::string::npos);
}

TEST_F(StoreTest, LeavesNoRowBehind) {
    {
        auto catalog = open();
        ASSERT_TRUE(catalog->create_service(service_of("s")));
        for (const char* name : {"f", "g"}) {
            Function function;
            function.service = "s";
            function.name = name;
            function.settings.runtime = "python3";
            function.settings.handler = "h";
            function.code.name = std::string(64, 'a');
            function.settings.environment = {{"A", "1"}};
            ASSERT_TRUE(catalog->create_function(function));
        }
        ASSERT_TRUE(catalog->delete_function("s", "f"));
    }
    EXPECT_EQ(ask_sql("SELECT count(*) FROM function_revisions"), "1");
    EXPECT_EQ(ask_sql("SELECT count(*) FROM functions"), "1");
    {
        auto catalog = open();
        ASSERT_TRUE(catalog->update_service("s", {}));
        ASSERT_TRUE(catalog->publish_version("s", ""));
        ASSERT_TRUE(catalog->delete_function("s", "g"));
        ASSERT_TRUE(catalog->delete_version("s", 1));
    }
    EXPECT_EQ(ask_sql("SELECT count(*) FROM function_revisions"), "0");
    EXPECT_EQ(ask_sql("SELECT count(*) FROM service_revisions"), "1");
}

/// A process of its own that creates services without end and says the number of each that was acknowledged.
[[noreturn]] void write_until_killed(const std::string& path, int say, std::uint32_t from) {
    auto catalog = Ledger::open(path, {"python3"});
    if (!catalog) ::_exit(1);
    for (std::uint32_t i = from;; ++i) {
        if (!catalog->create_service(service_of("s" + std::to_string(i)))) ::_exit(2);
        if (::write(say, &i, sizeof i) != sizeof i) ::_exit(3);
    }
}

TEST_F(StoreTest, LosesNothingThatWasAcknowledgedWhenTheWriterIsKilled) {
    std::uint32_t next = 0;
    for (int life = 0; life < 8; ++life) {
        int ends[2];
        ASSERT_EQ(::pipe(ends), 0);
        linux::UniqueFd hear(ends[0]), say(ends[1]);
        const pid_t writer = ::fork();
        ASSERT_GE(writer, 0);
        if (writer == 0) write_until_killed(path, say.get(), next);
        say.reset();
        std::uint32_t acknowledged = 0;
        for (int i = 0; i < 3 + life * 5; ++i)
            ASSERT_EQ(::read(hear.get(), &acknowledged, sizeof acknowledged),
                      static_cast<ssize_t>(sizeof acknowledged));
        ASSERT_EQ(::kill(writer, SIGKILL), 0);
        int status = 0;
        ASSERT_EQ(::waitpid(writer, &status, 0), writer);
        ASSERT_TRUE(WIFSIGNALED(status)) << status;
        while (::read(hear.get(), &acknowledged, sizeof acknowledged) > 0) {}
        auto catalog = open();
        ASSERT_TRUE(catalog) << catalog.error().message();
        for (std::uint32_t i = 0; i <= acknowledged; ++i)
            ASSERT_TRUE(catalog->service("s" + std::to_string(i))) << i << " of life " << life;
        next = acknowledged + 1;
        // the write that was on its way is there whole, or not at all
        if (catalog->service("s" + std::to_string(next))) ++next;
        EXPECT_EQ(catalog->snapshot()->services().size(), next);
    }
    EXPECT_EQ(ask_sql("PRAGMA integrity_check"), "ok");
    EXPECT_EQ(ask_sql("PRAGMA foreign_key_check"), "");
}

TEST_F(StoreTest, RefusesAWriteThatTheDiskRefusesAndGoesOn) {
    // a file size limit is the full disk that needs no root; a process of its own has it
    { ASSERT_TRUE(open()); }
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        ::signal(SIGXFSZ, SIG_IGN);
        auto catalog = open();
        if (!catalog || !catalog->create_service(service_of("before"))) ::_exit(1);
        const rlimit tight{64 << 10, RLIM_INFINITY};
        ::setrlimit(RLIMIT_FSIZE, &tight);
        Service large = service_of("large");
        std::uint32_t made = 0;
        for (; made < 100; ++made) {
            large.name = "large" + std::to_string(made);
            if (!catalog->create_service(large)) break;
        }
        if (made == 100) ::_exit(2);                               // nothing was refused
        if (catalog->snapshot()->service(large.name)) ::_exit(3);  // refused, and there all the same
        const rlimit wide{RLIM_INFINITY, RLIM_INFINITY};
        ::setrlimit(RLIMIT_FSIZE, &wide);
        if (!catalog->create_service(large)) ::_exit(4);
        ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
    EXPECT_TRUE(open()->service("before"));
    EXPECT_EQ(ask_sql("PRAGMA integrity_check"), "ok");
}

}  // namespace
}  // namespace hotcell::catalog
