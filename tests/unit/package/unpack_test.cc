// hotcell-unpack's work on good packages and on a corpus of bad ones.
#include "engine/programs/unpack/unpack.h"

#include <gtest/gtest.h>

#include "tests/support/zip_builder.h"
#include "tests/unit/package/read_back.h"

namespace hotcell {
namespace {

using Tree = std::map<std::string, std::string>;

Tree tree_of(const std::string& zip) {
    const auto stream = stream_of(zip);
    EXPECT_TRUE(stream) << (stream ? "" : stream.error().doing);
    if (!stream) return {};
    const auto tree = tree_of_stream(*stream);
    EXPECT_TRUE(tree) << (tree ? "" : tree.error().doing);
    return tree ? *tree : Tree{};
}

std::string refusal_of(std::string_view zip, const protocol::PackageLimits& limits = protocol::kPackageLimits) {
    const auto stream = stream_of(zip, limits);
    if (stream) return "accepted";
    EXPECT_EQ(stream.error().kind, ErrorKind::InvalidArgument);
    EXPECT_EQ(stream.error().message().find('\n'), std::string::npos);
    return stream.error().message();
}

#define EXPECT_REFUSED(words, ...)                                                  \
    do {                                                                            \
        const std::string refusal_ = refusal_of(__VA_ARGS__);                       \
        EXPECT_NE(refusal_.find(words), std::string::npos) << "said: " << refusal_; \
    } while (false)

ZipItem file(std::string name, std::string content = "x") {
    ZipItem item;
    item.name = std::move(name);
    item.content = std::move(content);
    return item;
}
ZipItem link(std::string name, std::string target) {
    ZipItem item = file(std::move(name), std::move(target));
    item.mode = 0120777;
    return item;
}
ZipItem directory(std::string name) {
    ZipItem item = file(std::move(name), "");
    item.mode = 0040755;
    return item;
}

TEST(Unpack, GivesWhatWasPacked) {
    ZipItem packed = file("lib/big.txt", std::string(200'000, 'b'));
    packed.deflate = true;
    packed.flags = 8;
    ZipItem program = file("bin/run", "#!/bin/sh\n");
    program.mode = 0100755;
    const std::string zip = ZipBuilder()
                                .add(link("latest", "lib/big.txt"))
                                .add(directory("empty/"))
                                .add(file("index.py", "def handler(): pass\n"))
                                .add(packed)
                                .add(program)
                                .add(link("bin/up", "../index.py"))
                                .add(file("nothing", ""))
                                .bytes();
    EXPECT_EQ(tree_of(zip), (Tree{{"latest", "link:lib/big.txt"},
                                  {"empty", "directory"},
                                  {"index.py", "file 644:def handler(): pass\n"},
                                  {"lib/big.txt", "file 644:" + std::string(200'000, 'b')},
                                  {"bin/run", "file 755:#!/bin/sh\n"},
                                  {"bin/up", "link:../index.py"},
                                  {"nothing", "file 644:"}}));
}

TEST(Unpack, WritesLinksAfterEverythingElse) {
    const auto stream = stream_of(ZipBuilder().add(link("a", "b")).add(file("b")).bytes());
    ASSERT_TRUE(stream);
    EXPECT_EQ(stream->substr(sizeof(protocol::UnpackedHead) + sizeof(protocol::UnpackedEntry), 1), "b");
}

TEST(Unpack, TakesWhatZipWritesIntoAPipe) {
    // the size in the entry's own header, the packed size and the CRC behind the content only
    ZipItem item = file("index.py", std::string(1000, 'x'));
    item.deflate = true;
    item.flags = 8;
    item.local_size = 1000;
    EXPECT_EQ(tree_of(zip_of(item)).size(), 1u);
    item.local_size = 999;
    EXPECT_REFUSED("does not agree", zip_of(item));
}

struct ModeCase {
    std::string name;
    std::uint32_t mode;
    std::uint8_t system;
    std::string expected;
};
class Modes : public ::testing::TestWithParam<ModeCase> {};

TEST_P(Modes, BecomeOneOfTwo) {
    ZipItem item = file(GetParam().name);
    item.mode = GetParam().mode;
    item.system = GetParam().system;
    EXPECT_EQ(tree_of(zip_of(item)).at(GetParam().name), GetParam().expected + ":x");
}

INSTANTIATE_TEST_SUITE_P(Unpack, Modes,
                         ::testing::Values(ModeCase{"f", 0100644, 3, "file 644"}, ModeCase{"f", 0100600, 3, "file 644"},
                                           ModeCase{"f", 0100755, 3, "file 755"}, ModeCase{"f", 0100711, 3, "file 755"},
                                           ModeCase{"f", 0100001, 19, "file 755"},
                                           ModeCase{"f", 0106777, 3, "file 755"}, ModeCase{"f", 0104644, 3, "file 644"},
                                           ModeCase{"f", 0644, 3, "file 644"}, ModeCase{"f", 0, 3, "file 644"},
                                           ModeCase{"f", 0100777, 0, "file 644"}, ModeCase{"f", 0, 10, "file 644"},
                                           // the one file that must be executable, of a system that cannot say so
                                           ModeCase{"bootstrap", 0, 0, "file 755"},
                                           ModeCase{"bootstrap", 0, 3, "file 755"},
                                           ModeCase{"bootstrap", 0100644, 3, "file 644"},
                                           ModeCase{"a/bootstrap", 0, 0, "file 644"}));

TEST(Unpack, RefusesWhatIsNeitherFileNorDirectoryNorLink) {
    for (const std::uint32_t type : {0020000u, 0060000u, 0010000u, 0140000u, 0030000u}) {
        ZipItem item = file("special", "");
        item.mode = type | 0666;
        EXPECT_REFUSED("neither", zip_of(item));
    }
}

TEST(Unpack, RefusesPathsThatLeadOut) {
    for (const std::string& name :
         std::vector<std::string>{"../a", "a/../../b", "/etc/passwd", "./a", "./..//", "a//b", "..\\a", "C:/a", "C:a",
                                  std::string("a\0b", 3), "a\x01", "\xc0\xae\xc0\xae/a", "\xff", std::string(256, 'x'),
                                  std::string(1025, 'x'), "/", ".", ".."})
        EXPECT_REFUSED("entry '", zip_of(file(name)));
}

TEST(Unpack, RefusesLinksThatLeadOut) {
    for (const char* target : {"/etc/passwd", "../x", "a/../../x", "a/../x", "..", "", "..\\x", "\xc0\xae/x"})
        EXPECT_REFUSED("entry 'l'", ZipBuilder().add(file("f")).add(link("l", target)).bytes());
    EXPECT_REFUSED("entry 'l'", ZipBuilder().add(file("f")).add(link("l", std::string(2000, 'x'))).bytes());
    // a chain: nothing may lie below a link, whichever comes first
    EXPECT_REFUSED("both", ZipBuilder().add(link("l", "d")).add(file("l/f")).bytes());
    EXPECT_REFUSED("both", ZipBuilder().add(file("l/f")).add(link("l", "d")).bytes());
}

TEST(Unpack, RefusesNamesThatCollide) {
    EXPECT_REFUSED("two of this name", ZipBuilder().add(file("a")).add(file("a")).bytes());
    EXPECT_REFUSED("case only", ZipBuilder().add(file("a")).add(file("A")).bytes());
    EXPECT_REFUSED("both", ZipBuilder().add(file("a")).add(file("a/b")).bytes());
    EXPECT_REFUSED("both", ZipBuilder().add(file("a/b")).add(file("a")).bytes());
    EXPECT_REFUSED("two of this name", ZipBuilder().add(directory("d/")).add(directory("d/")).add(file("f")).bytes());
}

TEST(Unpack, RefusesATypeThatContradictsTheName) {
    ZipItem item = file("d/", "");
    EXPECT_REFUSED("contradict", zip_of(item));
    item = file("d", "");
    item.mode = 0040755;
    EXPECT_REFUSED("contradict", zip_of(item));
    item = directory("d/");
    item.content = "x";
    EXPECT_REFUSED("directory with content", zip_of(item));
}

TEST(Unpack, RefusesEncryptionAndOtherMethods) {
    for (const std::uint16_t bit : {0, 6, 13}) {
        ZipItem item = file("f");
        item.flags = static_cast<std::uint16_t>(1 << bit);
        EXPECT_REFUSED("encrypted", zip_of(item));
    }
    for (const std::uint16_t method : {1, 9, 12, 14, 93, 95, 99}) {
        ZipItem item = file("f");
        item.method = method;
        EXPECT_REFUSED("packed by method " + std::to_string(method), zip_of(item));
    }
}

TEST(Unpack, RefusesHeadersThatDisagree) {
    ZipItem item = file("f", "content");
    item.local_name = "g";
    EXPECT_REFUSED("another name", zip_of(item));
    item = file("f", "content");
    item.local_size = 3;
    EXPECT_REFUSED("does not agree", zip_of(item));
    item = file("f", "content");
    item.deflate = true;
    item.flags = 8;
    item.descriptor_crc = 1;
    EXPECT_REFUSED("does not agree", zip_of(item));
    item = file("f", "content");
    item.offset = 1;
    EXPECT_REFUSED("no header", zip_of(item));
    EXPECT_REFUSED("more entries", ZipBuilder().add(file("f")).add(file("g")).bytes(1));
    EXPECT_REFUSED("fewer entries", ZipBuilder().add(file("f")).bytes(2));
}

TEST(Unpack, RefusesContentThatIsNotWhatItsHeaderSays) {
    for (const bool deflate : {false, true}) {
        ZipItem item = file("f", std::string(100, 'x'));
        item.deflate = deflate;
        item.crc = 1;
        EXPECT_REFUSED("CRC", zip_of(item));
    }
    ZipItem item = file("f", std::string(100, 'x'));
    item.deflate = true;
    item.size = 50;
    EXPECT_NE(refusal_of(zip_of(item)), "accepted");
    item.size = 150;
    EXPECT_NE(refusal_of(zip_of(item)), "accepted");
    item = file("f", "abc");
    item.size = 50;
    EXPECT_REFUSED("stored in another size", zip_of(item));
    item = file("f", "this is no deflated text");
    item.method = 8;
    item.size = 100;
    EXPECT_NE(refusal_of(zip_of(item)), "accepted");
    item = directory("d/");
    item.crc = 7;
    EXPECT_NE(refusal_of(ZipBuilder().add(item).add(file("f")).bytes()), "accepted");
}

TEST(Unpack, RefusesEveryTruncation) {
    ZipItem packed = file("b", std::string(100, 'b'));
    packed.deflate = true;
    const std::string zip = ZipBuilder().add(file("a")).add(packed).add(link("l", "a")).bytes();
    ASSERT_NE(tree_of(zip), Tree{});
    for (std::size_t size = 0; size < zip.size(); ++size)
        EXPECT_NE(refusal_of(std::string_view(zip).substr(0, size)), "accepted") << size;
}

TEST(Unpack, RefusesAPackageWithoutAFile) {
    EXPECT_REFUSED("empty", ZipBuilder().bytes());
    EXPECT_REFUSED("no file", ZipBuilder().add(directory("d/")).bytes());
    EXPECT_REFUSED("not a zip file", "");
    EXPECT_REFUSED("not a zip file", std::string(1000, 'x'));
}

TEST(Unpack, RefusesTwoDirectoriesInOneFile) {
    const std::string one = ZipBuilder().add(file("a")).bytes();
    EXPECT_NE(refusal_of(one + ZipBuilder().add(file("b")).bytes()), "accepted");
    // an end whose comment is another end
    std::string both = one;
    both[both.size() - 2] = 22;
    EXPECT_REFUSED("two ends", both + one.substr(one.size() - 22));
}

TEST(Unpack, RefusesOverlappingEntries) {
    // the second entry's header is the first one's: the same bytes for two files
    ZipItem first = file("same", std::string(100, 'x'));
    ZipItem second = file("samE", std::string(100, 'x'));
    second.local_name = "same";
    second.offset = 0;
    EXPECT_NE(refusal_of(ZipBuilder().add(first).add(second).bytes()), "accepted");
    // and with a name of its own: its header lies inside the first one's content
    const std::string inner = zip_of(file("inner", "content"));
    ZipItem outer = file("outer", inner.substr(0, 30 + 5 + 7));
    ZipItem again = file("inner", "content");
    again.offset = 30 + 5;
    EXPECT_REFUSED("overlaps", ZipBuilder().add(outer).add(again).bytes());
}

TEST(Unpack, RefusesBombsByTheirRatio) {
    ZipItem bomb = file("zeros", std::string(30 << 20, '\0'));
    bomb.deflate = true;
    EXPECT_REFUSED("200 times its size", zip_of(bomb));
    // small ones are let be
    ZipItem small = file("zeros", std::string(1 << 20, '\0'));
    small.deflate = true;
    EXPECT_EQ(tree_of(zip_of(small)).size(), 1u);
}

TEST(Unpack, RefusesBombsByWhatComesOutAndNotByWhatTheySay) {
    protocol::PackageLimits limits;
    limits.unpacked = 1000;
    const auto of_two = [](std::size_t size) {
        return ZipBuilder().add("a", std::string(size, 'x')).add("b", std::string(500, 'y')).bytes();
    };
    EXPECT_TRUE(stream_of(of_two(500), limits));
    EXPECT_REFUSED("unpacks to more than 1000 bytes", of_two(501), limits);
    ZipItem liar = file("zeros", std::string(1 << 20, '\0'));
    liar.deflate = true;
    liar.size = 10;
    std::size_t written = 0;
    EXPECT_FALSE(unpack::unpack(
        zip_of(liar),
        [&](std::string_view bytes) -> Result<> {
            written += bytes.size();
            return {};
        },
        limits));
    EXPECT_LT(written, 1000u);
}

TEST(Unpack, RefusesMoreEntriesThanMayBe) {
    protocol::PackageLimits limits;
    limits.entries = 3;
    const std::string three = ZipBuilder().add("a", "").add("b", "").add("c", "").bytes();
    EXPECT_TRUE(stream_of(three, limits));
    EXPECT_REFUSED("has 4 entries (max: 3)", ZipBuilder().add("a", "").add("b", "").add("c", "").add("d", "").bytes(),
                   limits);
    EXPECT_REFUSED("more than 3 files and directories", ZipBuilder().add("a/b/c/d", "").bytes(), limits);
    // an end that says 1 over a directory of many: nothing is allocated for them
    ZipBuilder many;
    for (int i = 0; i < 60'000; ++i) many.add("f" + std::to_string(i), "");
    EXPECT_REFUSED("more entries", many.bytes(1));
    EXPECT_REFUSED("60000 entries", many.bytes());
}

TEST(Unpack, RefusesAPackageLargerThanMayBe) {
    protocol::PackageLimits limits;
    limits.package = 200;
    EXPECT_REFUSED("bytes, at most 200 are taken", ZipBuilder().add("a", std::string(200, 'x')).bytes(), limits);
}

TEST(Unpack, RefusesZip64) {
    std::string zip = zip_of(file("a"));
    for (std::size_t at = zip.size() - 14; at < zip.size() - 10; ++at) zip[at] = '\xff';
    EXPECT_REFUSED("zip64", zip);
}

TEST(Unpack, EndsWhenItsOutputDoes) {
    const auto unpacked = unpack::unpack(
        zip_of(file("a")), [](std::string_view) -> Result<> { return fail(ErrorKind::Broken, "the reader is gone"); });
    ASSERT_FALSE(unpacked);
    EXPECT_EQ(unpacked.error().doing, "the reader is gone");
}

}  // namespace
}  // namespace hotcell
