// The front's reader on good streams, and on what a captured hotcell-unpack could say.
#include "engine/environment/code/unpacked_stream.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/environment/code/code_store.h"
#include "engine/environment/code/crc64.h"
#include "engine/environment/code/staged_tree.h"
#include "engine/environment/code/tree_hash.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/zip_builder.h"
#include "tests/unit/package/read_back.h"

namespace hotcell::environment {
namespace {

using protocol::UnpackedType;

/// A stream with whatever is said of its entries.
class StreamBuilder {
public:
    explicit StreamBuilder(std::uint32_t version = protocol::kUnpackedVersion) {
        raw(protocol::UnpackedHead{protocol::kUnpackedMagic, version, 0});
    }
    StreamBuilder& entry(UnpackedType type, std::uint16_t mode, const std::string& path, const std::string& content,
                         std::uint8_t zero = 0) {
        raw(protocol::UnpackedEntry{type, zero, mode, static_cast<std::uint32_t>(path.size()), content.size()});
        bytes += path + content;
        ++entries;
        total += content.size();
        return *this;
    }
    StreamBuilder& file(const std::string& path, const std::string& content = "x") {
        return entry(UnpackedType::File, 0644, path, content);
    }
    StreamBuilder& directory(const std::string& path) { return entry(UnpackedType::Directory, 0755, path, ""); }
    StreamBuilder& link(const std::string& path, const std::string& target) {
        return entry(UnpackedType::Link, 0, path, target);
    }
    std::string end() {
        raw(protocol::UnpackedEntry{UnpackedType::End, 0, 0, entries, total});
        return bytes;
    }
    template <class Struct>
    void raw(const Struct& value) {
        bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
    }

    std::string bytes;
    std::uint32_t entries = 0;
    std::uint64_t total = 0;
};

std::string refusal_of(const std::string& stream) {
    const auto tree = tree_of_stream(stream);
    return tree ? "accepted" : tree.error().message();
}

TEST(UnpackedStream, IsTheSameHoweverItIsCut) {
    const std::string zip = ZipBuilder().add("a/b", "content").add("c", "").add("d", std::string(300, 'd')).bytes();
    const std::string stream = stream_of(zip).value();
    const auto whole = tree_of_stream(stream).value();
    EXPECT_EQ(whole.size(), 3u);
    for (const std::size_t step : {1u, 2u, 3u, 7u, 16u, 17u, 100u})
        EXPECT_EQ(tree_of_stream(stream, step).value(), whole);
}

TEST(UnpackedStream, IsWholeOrNothing) {
    const std::string stream = StreamBuilder().file("a").link("l", "a").end();
    ASSERT_EQ(refusal_of(stream), "accepted");
    for (std::size_t size = 0; size < stream.size(); ++size)
        EXPECT_EQ(refusal_of(stream.substr(0, size)), "the unpacked stream ended before its end") << size;
    EXPECT_EQ(refusal_of(stream + "x"), "the unpacked stream goes on behind its end");
}

TEST(UnpackedStream, HasOneForm) {
    EXPECT_NE(refusal_of(std::string(64, '\0')), "accepted");
    EXPECT_EQ(refusal_of(StreamBuilder(2).end()), "the unpacked stream has version 2, not 1");
    const auto type = "the unpacked stream has an entry of no known type or mode";
    EXPECT_EQ(refusal_of(StreamBuilder().entry(UnpackedType{0}, 0644, "a", "x").end()), type);
    EXPECT_EQ(refusal_of(StreamBuilder().entry(UnpackedType{9}, 0644, "a", "x").end()), type);
    EXPECT_EQ(refusal_of(StreamBuilder().entry(UnpackedType::File, 0644, "a", "x", 1).end()), type);
    for (const std::uint16_t mode : {0, 0600, 0777, 04755, 0x81a4})
        EXPECT_EQ(refusal_of(StreamBuilder().entry(UnpackedType::File, mode, "a", "x").end()), type) << mode;
    EXPECT_EQ(refusal_of(StreamBuilder().entry(UnpackedType::Directory, 0755, "a", "x").end()), type);
    EXPECT_EQ(refusal_of(StreamBuilder().entry(UnpackedType::Link, 0777, "a", "x").end()), type);
    StreamBuilder miscounted;
    miscounted.file("a").entries = 2;
    EXPECT_EQ(refusal_of(miscounted.end()), "the unpacked stream counts otherwise than it says");
    StreamBuilder misweighed;
    misweighed.file("a").total = 2;
    EXPECT_EQ(refusal_of(misweighed.end()), "the unpacked stream counts otherwise than it says");
}

TEST(UnpackedStream, IsHeldAgainstThePathsRulesOnceMore) {
    for (const char* path : {"../a", "/a", "a//b", ".", "a\\b", "C:/a", "\xff"})
        EXPECT_NE(refusal_of(StreamBuilder().file(path).end()), "accepted") << path;
    EXPECT_NE(refusal_of(StreamBuilder().file("").end()), "accepted");
    EXPECT_NE(refusal_of(StreamBuilder().file(std::string(1025, 'x')).end()), "accepted");
    EXPECT_NE(refusal_of(StreamBuilder().file("a").file("a").end()), "accepted");
    EXPECT_NE(refusal_of(StreamBuilder().file("a").file("A").end()), "accepted");
    EXPECT_NE(refusal_of(StreamBuilder().file("a").file("a/b").end()), "accepted");
    EXPECT_NE(refusal_of(StreamBuilder().link("a", "b").file("a/b").end()), "accepted");
    for (const char* target : {"/etc/passwd", "../x", "b/../../x"})
        EXPECT_NE(refusal_of(StreamBuilder().link("l", target).end()), "accepted") << target;
    EXPECT_NE(refusal_of(StreamBuilder().link("l", "").end()), "accepted");
    EXPECT_NE(refusal_of(StreamBuilder().link("l", std::string(1025, 'x')).end()), "accepted");
}

TEST(UnpackedStream, IsHeldAgainstTheSizesOnceMore) {
    // sizes that would wrap around when added up; nothing of them needs to be sent
    for (const std::uint64_t size : {~0ull, (250ull << 20) + 1, 1ull << 63}) {
        StreamBuilder stream;
        stream.file("a");
        stream.raw(protocol::UnpackedEntry{UnpackedType::File, 0, 0644, 1, size});
        EXPECT_EQ(refusal_of(stream.bytes + "b"), "the package unpacks to more than 262144000 bytes");
    }
    StreamBuilder path;
    path.raw(protocol::UnpackedEntry{UnpackedType::File, 0, 0644, 0xffffffff, 0});
    EXPECT_EQ(refusal_of(path.bytes), "the unpacked stream has a path of 4294967295 bytes");
    protocol::PackageLimits limits;
    limits.entries = 2;
    EXPECT_FALSE(tree_of_stream(StreamBuilder().file("a").file("b").file("c").end(), 100, limits));
}

TEST(UnpackedStream, OnceBrokenStaysSo) {
    MemoryTree tree;
    UnpackedStream stream(tree);
    EXPECT_FALSE(stream.add(std::string(16, 'x')));
    const std::string good = StreamBuilder().file("a").end();
    EXPECT_FALSE(stream.add(good));
    EXPECT_FALSE(stream.finish());
    EXPECT_TRUE(tree.entries.empty());
}

class StagedTreeTest : public ::testing::Test {
protected:
    void SetUp() override { ASSERT_TRUE(CodeStore::prepare(directory.path(), ::getuid(), ::getgid())); }
    static Result<> read_into(StagedTree& tree, const std::string& stream) {
        UnpackedStream reader(tree);
        TRY(reader.add(stream));
        TRY(reader.finish());
        TRY(tree.finish());
        return {};
    }
    static std::uint32_t mode_of(const std::string& path) {
        struct stat seen {};
        EXPECT_EQ(::lstat(path.c_str(), &seen), 0) << path;
        return seen.st_mode;
    }
    std::vector<std::string> in_staging() const { return linux::list_directory(directory / "staging").value(); }

    TemporaryDirectory directory;
};

TEST_F(StagedTreeTest, BecomesThePackagesCode) {
    ZipItem program;
    program.name = "bin/run";
    program.content = "#!/bin/sh\n";
    program.mode = 0100755;
    ZipItem link;
    link.name = "deep/er/link";
    link.content = "../../bin/run";
    link.mode = 0120777;
    ZipItem empty;
    empty.name = "empty/";
    empty.mode = 0040700;
    const std::string zip =
        ZipBuilder().add(link).add(program).add(empty).add("deep/index.py", std::string(100'000, 'p')).bytes();

    CodeStore store(directory.path(), mebibytes(100));
    const ::mode_t before = ::umask(077);
    auto tree = StagedTree::make(store.stage());
    ASSERT_TRUE(tree);
    const auto read = read_into(*tree, stream_of(zip).value());
    ::umask(before);
    ASSERT_TRUE(read) << read.error().message();
    const std::string name = tree->listing().name();
    EXPECT_EQ(name.size(), 64u);
    EXPECT_FALSE(store.hold(name));
    ASSERT_TRUE(store.store_tree(name, tree->path()));
    EXPECT_TRUE(store.hold(name));
    const std::string code = CodeStore::code_directory(directory.path()) + "/" + name;
    EXPECT_EQ(mode_of(code), 0040755u);
    EXPECT_EQ(mode_of(code + "/bin"), 0040755u);
    EXPECT_EQ(mode_of(code + "/empty"), 0040755u);
    EXPECT_EQ(mode_of(code + "/deep/er"), 0040755u);
    EXPECT_EQ(mode_of(code + "/bin/run"), 0100755u);
    EXPECT_EQ(mode_of(code + "/deep/index.py"), 0100644u);
    EXPECT_EQ(mode_of(code + "/deep/er/link") & 0170000u, 0120000u);
    EXPECT_EQ(linux::read_file(code + "/deep/er/link", 100).value(), "#!/bin/sh\n");
    EXPECT_EQ(linux::read_file(code + "/deep/index.py", 1 << 20).value(), std::string(100'000, 'p'));
    EXPECT_TRUE(in_staging().empty());

    CodeStore next_life(directory.path(), mebibytes(100));
    EXPECT_FALSE(next_life.hold(name));  // not before it has been looked at
    EXPECT_TRUE(next_life.has(name));
    EXPECT_TRUE(next_life.verify(name));
    EXPECT_TRUE(next_life.hold(name));
}

TEST_F(StagedTreeTest, LeavesNothingOfABadStream) {
    {
        CodeStore store(directory.path(), mebibytes(100));
        auto tree = StagedTree::make(store.stage());
        ASSERT_TRUE(tree);
        EXPECT_FALSE(read_into(*tree, StreamBuilder().file("a/b").file("../c").end()));
        EXPECT_FALSE(in_staging().empty());
    }
    EXPECT_TRUE(in_staging().empty());
    EXPECT_FALSE(linux::exists(directory / "c"));
}

TEST_F(StagedTreeTest, MakesLinksLastWhateverTheOrder) {
    CodeStore store(directory.path(), mebibytes(100));
    auto tree = StagedTree::make(store.stage());
    ASSERT_TRUE(tree);
    ASSERT_TRUE(tree->link("a", "/"));  // a sink by itself judges nothing
    ASSERT_TRUE(tree->file("a/b", false));
    EXPECT_EQ(mode_of(tree->path() + "/a"), 0040755u);
    const auto finished = tree->finish();
    ASSERT_FALSE(finished);
    EXPECT_EQ(finished.error().kind, ErrorKind::Conflict);
}

TEST_F(StagedTreeTest, FollowsNoLinkThatStandsInItsWay) {
    CodeStore store(directory.path(), mebibytes(100));
    auto tree = StagedTree::make(store.stage());
    ASSERT_TRUE(tree);
    ASSERT_TRUE(linux::make_directories(directory / "outside", 0755));
    ASSERT_EQ(::symlink((directory / "outside").c_str(), (tree->path() + "/way").c_str()), 0);
    EXPECT_FALSE(tree->file("way/f", false));
    EXPECT_FALSE(tree->directory("way"));
    EXPECT_FALSE(tree->directory("way/d"));
    EXPECT_FALSE(tree->directory("../outside/d"));
    EXPECT_FALSE(tree->file("../outside/f", false));
    ASSERT_TRUE(tree->link("way/l", "x"));
    EXPECT_FALSE(tree->finish());
    EXPECT_TRUE(linux::list_directory(directory / "outside").value().empty());
}

TEST_F(StagedTreeTest, TheSecondOfTheSameContentGivesWay) {
    CodeStore store(directory.path(), mebibytes(100));
    std::vector<std::string> names;
    for (int i = 0; i < 2; ++i) {
        auto tree = StagedTree::make(store.stage());
        ASSERT_TRUE(tree);
        ASSERT_TRUE(read_into(*tree, StreamBuilder().file("a").end()));
        names.push_back(tree->listing().name());
        EXPECT_TRUE(store.store_tree(names.back(), tree->path()));
    }
    EXPECT_EQ(names[0], names[1]);
    EXPECT_TRUE(in_staging().empty());
}

TEST_F(StagedTreeTest, ATreeIsDroppedInOneStep) {
    CodeStore store(directory.path(), Bytes{10});
    std::vector<std::string> names;
    for (const char* content : {"12345678", "87654321"}) {
        auto tree = StagedTree::make(store.stage());
        ASSERT_TRUE(tree);
        ASSERT_TRUE(read_into(*tree, StreamBuilder().file("a/b", content).end()));
        names.push_back(tree->listing().name());
        store.hold(names.back());
        ASSERT_TRUE(store.store_tree(names.back(), tree->path()));
        store.release(names.back());
    }
    EXPECT_EQ(linux::list_directory(CodeStore::code_directory(directory.path())).value(),
              std::vector<std::string>{names[1]});
    EXPECT_TRUE(in_staging().empty());
}

/// A stored tree, changed by `change` between two lives: what the next life says of it.
class ChangedTree : public StagedTreeTest {
protected:
    void SetUp() override {
        StagedTreeTest::SetUp();
        CodeStore store(directory.path(), mebibytes(100));
        name = put(store);
        code = CodeStore::code_directory(directory.path()) + "/" + name;
    }
    std::string put(CodeStore& store) {
        auto tree = StagedTree::make(store.stage());
        EXPECT_TRUE(tree);
        StreamBuilder stream;
        stream.file("index.py", "x = 1").file("lib/a.py", "a").directory("empty").link("l", "lib/a.py");
        EXPECT_TRUE(read_into(*tree, stream.end()));
        std::string made = tree->listing().name();
        EXPECT_TRUE(store.store_tree(made, tree->path()));
        return made;
    }
    std::string word_of_the_next_life() {
        CodeStore store(directory.path(), mebibytes(100));
        const auto sound = store.verify(name);
        EXPECT_EQ(store.is_sound(name), sound.has_value());
        return sound ? "" : sound.error().message();
    }

    std::string name;
    std::string code;
};

TEST_F(ChangedTree, AnUnchangedOneIsSound) {
    EXPECT_EQ(word_of_the_next_life(), "");
    EXPECT_EQ(list_tree(code).value().name(), name);
}

TEST_F(ChangedTree, EveryChangeIsNoticed) {
    const std::string elsewhere = directory / "elsewhere";
    const std::pair<const char*, std::string> changes[] = {
        {"content", "printf 'x = 2' >" + code + "/index.py"},
        {"one byte more", "printf ' ' >>" + code + "/lib/a.py"},
        {"a mode", "chmod 0755 " + code + "/index.py"},
        {"another mode", "chmod 0600 " + code + "/index.py"},
        {"a directory's mode", "chmod 0777 " + code + "/lib"},
        {"a file more", ": >" + code + "/lib/b.py"},
        {"a file less", "rm " + code + "/lib/a.py"},
        {"another name", "mv " + code + "/lib/a.py " + code + "/lib/A.py"},
        {"a directory less", "rmdir " + code + "/empty"},
        {"a link's target", "ln -sfn index.py " + code + "/l"},
        {"a link instead of a file", "rm " + code + "/index.py && ln -s lib/a.py " + code + "/index.py"},
        {"a pipe", "mkfifo " + code + "/pipe"},
        {"a setuid bit", "chmod 4755 " + code + "/index.py"}};
    ASSERT_EQ(std::system(("cp -a " + code + " " + elsewhere).c_str()), 0);
    for (const auto& [what, change] : changes) {
        ASSERT_EQ(std::system(change.c_str()), 0) << what;
        EXPECT_TRUE(word_of_the_next_life().starts_with("code " + name + " has been changed on the disk")) << what;
        ASSERT_EQ(std::system(("rm -r " + code + " && cp -a " + elsewhere + " " + code).c_str()), 0);
        ASSERT_EQ(word_of_the_next_life(), "") << what;
    }
}

TEST_F(ChangedTree, AndReplacedWhenItIsStoredAgain) {
    ASSERT_EQ(std::system(("printf 'x = 2' >" + code + "/index.py").c_str()), 0);
    CodeStore store(directory.path(), mebibytes(100));
    EXPECT_FALSE(store.verify(name));
    EXPECT_EQ(put(store), name);
    EXPECT_TRUE(store.is_sound(name));
    EXPECT_EQ(linux::read_file(code + "/index.py", 100).value(), "x = 1");
}

TEST_F(ChangedTree, OneThatHasGoneIsNotFound) {
    linux::remove_tree(code);
    EXPECT_EQ(word_of_the_next_life(), "code " + name + " is not in the store any more (deploy it again)");
}

TEST(Crc64, IsTheCatalogueOfParametrisedCrcs) {
    EXPECT_EQ(crc64("123456789"), 0x995dc9bbdf1939fa);  // its check value for CRC-64/XZ
    EXPECT_EQ(crc64(""), 0u);
    // the eight bytes a step and the one byte a step agree at every length
    const auto slowly = [](std::string_view bytes) {
        std::uint64_t crc = ~std::uint64_t{0};
        for (const char c : bytes) {
            crc ^= static_cast<unsigned char>(c);
            for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0xc96c5795d7870f42 : 0);
        }
        return ~crc;
    };
    std::string bytes;
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(crc64(bytes), slowly(bytes)) << i;
        bytes += static_cast<char>(i * 37);
    }
}

}  // namespace
}  // namespace hotcell::environment
