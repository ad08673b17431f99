#include "engine/environment/code/code_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>
#include <vector>

#include "engine/environment/code/sha256.h"
#include "engine/linux/files/files.h"

namespace hotcell::environment {
namespace {

class CodeStoreTest : public ::testing::Test {
protected:
    void SetUp() override {
        char name[] = "/tmp/hotcell-store-XXXXXX";
        directory = ::mkdtemp(name);
        ASSERT_TRUE(CodeStore::prepare(directory, ::getuid(), ::getgid()));
    }
    void TearDown() override { linux::remove_tree(directory); }
    std::string path(const std::string& name) const { return CodeStore::code_directory(directory) + "/" + name; }
    std::string put(CodeStore& store, const std::string& bytes) {
        const std::string name = CodeStore::name_of("program", bytes);
        store.hold(name);
        EXPECT_TRUE(store.store(name, "program", bytes));
        store.release(name);
        return name;
    }

    std::string directory;
};

TEST(Sha256, IsTheStandardsOne) {
    Sha256 hash;
    hash.add("a");
    hash.add("bc");
    EXPECT_EQ(hash.hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(CodeStoreName, DependsOnFileAndBytes) {
    EXPECT_NE(CodeStore::name_of("a", "b"), CodeStore::name_of("ab", ""));
    EXPECT_NE(CodeStore::name_of("a", "b"), CodeStore::name_of("b", "b"));
    EXPECT_EQ(CodeStore::name_of("a", "b").size(), 64u);
}

TEST_F(CodeStoreTest, KeepsAProgramExecutableForEverybody) {
    CodeStore store(directory, mebibytes(1));
    const ::mode_t before = ::umask(077);
    const std::string name = put(store, "bytes");
    ::umask(before);
    EXPECT_EQ(linux::read_file(path(name) + "/program", 100).value(), "bytes");
    struct stat seen {};
    ASSERT_EQ(::stat((path(name) + "/program").c_str(), &seen), 0);
    EXPECT_EQ(seen.st_mode & 0777u, 0755u);
    ASSERT_EQ(::stat(path(name).c_str(), &seen), 0);
    EXPECT_EQ(seen.st_mode & 0777u, 0755u);
    EXPECT_TRUE(linux::list_directory(directory + "/staging").value().empty());
}

TEST_F(CodeStoreTest, KnowsWhatAnEarlierLifeStored) {
    const std::string name = CodeStore::name_of("program", "bytes");
    {
        CodeStore store(directory, mebibytes(1));
        EXPECT_FALSE(store.hold(name));
        ASSERT_TRUE(store.store(name, "program", "bytes"));
    }
    CodeStore store(directory, mebibytes(1));
    EXPECT_FALSE(store.hold(name));  // not before it has been looked at
    ASSERT_TRUE(store.store(name, "program", "bytes"));
    EXPECT_TRUE(store.hold(name));
}

TEST_F(CodeStoreTest, WritesAProgramAnewThatWasChangedOnTheDisk) {
    std::string name;
    {
        CodeStore store(directory, mebibytes(1));
        name = put(store, "bytes");
    }
    ASSERT_EQ(::truncate((path(name) + "/program").c_str(), 1), 0);
    CodeStore store(directory, mebibytes(1));
    EXPECT_EQ(store.verify(name).error().kind, ErrorKind::Broken);
    EXPECT_EQ(put(store, "bytes"), name);
    EXPECT_EQ(linux::read_file(path(name) + "/program", 100).value(), "bytes");
    EXPECT_TRUE(store.is_sound(name));
}

TEST_F(CodeStoreTest, ClearsWhatACrashLeftInStaging) {
    ASSERT_TRUE(linux::make_directories(directory + "/staging/7", 0755));
    ASSERT_TRUE(CodeStore::prepare(directory, ::getuid(), ::getgid()));
    EXPECT_TRUE(linux::list_directory(directory + "/staging").value().empty());
}

TEST_F(CodeStoreTest, DoesNotTrustAnEmptyDirectory) {
    const std::string name = CodeStore::name_of("program", "bytes");
    ASSERT_TRUE(linux::make_directories(path(name), 0755));
    CodeStore store(directory, mebibytes(1));
    EXPECT_FALSE(store.hold(name));
    ASSERT_TRUE(store.store(name, "program", "bytes"));
    EXPECT_TRUE(linux::exists(path(name) + "/program"));
}

TEST_F(CodeStoreTest, DropsTheLongestUnusedAndNeverWhatIsHeld) {
    CodeStore store(directory, Bytes{2500});
    const std::string held = put(store, std::string(1000, 'h'));
    const std::string old = put(store, std::string(1000, 'o'));
    EXPECT_TRUE(store.hold(held));
    const std::string fresh = put(store, std::string(1000, 'f'));
    EXPECT_TRUE(linux::exists(path(held)));
    EXPECT_FALSE(linux::exists(path(old)));
    EXPECT_TRUE(linux::exists(path(fresh)));
}

TEST_F(CodeStoreTest, TakesTheSameProgramFromManyThreads) {
    CodeStore store(directory, mebibytes(1));
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&] {
            for (int k = 0; k < 10; ++k) put(store, "program " + std::to_string(k));
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(linux::list_directory(CodeStore::code_directory(directory)).value().size(), 10u);
    EXPECT_TRUE(linux::list_directory(directory + "/staging").value().empty());
}

}  // namespace
}  // namespace hotcell::environment
