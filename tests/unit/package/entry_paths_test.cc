#include "engine/protocol/package/entry_paths.h"

#include <gtest/gtest.h>

namespace hotcell::protocol {
namespace {

struct PathCase {
    std::string path;
    std::string why;  // empty: accepted
};
class EntryPath : public ::testing::TestWithParam<PathCase> {};

TEST_P(EntryPath, IsJudgedByItself) {
    const auto checked = check_entry_path(GetParam().path);
    if (GetParam().why.empty()) {
        EXPECT_TRUE(checked) << checked.error().doing;
        return;
    }
    ASSERT_FALSE(checked) << GetParam().path;
    EXPECT_EQ(checked.error().kind, ErrorKind::InvalidArgument);
    EXPECT_NE(checked.error().doing.find(GetParam().why), std::string::npos) << checked.error().doing;
}

std::string deep(int depth) {
    std::string path = "d";
    for (int i = 1; i < depth; ++i) path += "/d";
    return path;
}

INSTANTIATE_TEST_SUITE_P(
    Rules, EntryPath,
    ::testing::Values(PathCase{"index.py", ""}, PathCase{"a/b/c.so", ""}, PathCase{"...", ""}, PathCase{"..a/b..", ""},
                      PathCase{".hidden", ""}, PathCase{" ", ""}, PathCase{"ab:c", ""},
                      PathCase{"\xe5\xad\x97/\xc3\xa9", ""}, PathCase{"", "empty"}, PathCase{"..", "'..'"},
                      PathCase{"../a", "'..'"}, PathCase{"a/../../b", "'..'"}, PathCase{"a/..", "'..'"},
                      PathCase{"/etc/passwd", "absolute"}, PathCase{"//a", "absolute"}, PathCase{"./a", "'.'"},
                      PathCase{"./..//", "'.'"}, PathCase{"a/./b", "'.'"}, PathCase{"a//b", "empty part"},
                      PathCase{"a/", "empty part"}, PathCase{"..\\a", "backslash"}, PathCase{"a\\b", "backslash"},
                      PathCase{"C:/a", "drive"}, PathCase{"c:a", "drive"}, PathCase{std::string("a\0b", 3), "control"},
                      PathCase{"a\nb", "control"}, PathCase{"a\x7f", "control"},
                      PathCase{"\xc0\xae\xc0\xae/a", "UTF-8"},
                      PathCase{"a\xc0\xaf"
                               "b",
                               "UTF-8"},
                      PathCase{"\xff", "UTF-8"}, PathCase{"\xb2\xe2\xca\xd4.py", "UTF-8"},
                      PathCase{std::string(255, 'x'), ""}, PathCase{std::string(256, 'x'), "longer than 255"},
                      PathCase{deep(64), ""}, PathCase{deep(65), "deeper than 64"},
                      PathCase{std::string(255, 'a') + "/" + std::string(255, 'b') + "/" + std::string(255, 'c') + "/" +
                                   std::string(256, 'd'),
                               "longer than 255"},
                      PathCase{std::string(255, 'a') + "/" + std::string(255, 'b') + "/" + std::string(255, 'c') + "/" +
                                   std::string(255, 'd') + "/e",
                               "longer than 1024"}));

TEST(EntryPath, IsNamedWithoutWhatATerminalWouldObey) {
    const std::string words = check_entry_path("\x1b[2J\xff").error().doing;
    EXPECT_EQ(words.find('\x1b'), words.npos);
    EXPECT_EQ(words.find('\xff'), words.npos);
    EXPECT_LT(check_entry_path(std::string(5000, 'x')).error().doing.size(), 200u);
}

struct LinkCase {
    std::string link;
    std::string target;
    bool good;
};
class LinkTarget : public ::testing::TestWithParam<LinkCase> {};

TEST_P(LinkTarget, StaysInside) {
    EXPECT_EQ(check_link_target(GetParam().link, GetParam().target).has_value(), GetParam().good);
}

INSTANTIATE_TEST_SUITE_P(
    Rules, LinkTarget,
    ::testing::Values(LinkCase{"l", "f", true}, LinkCase{"l", "d/f", true}, LinkCase{"a/l", "../f", true},
                      LinkCase{"node_modules/.bin/x", "../x/cli.js", true}, LinkCase{"a/b/l", "../..", true},
                      LinkCase{"l", ".", true}, LinkCase{"l", "./f", true}, LinkCase{"l", "d//f/", true},
                      LinkCase{"l", "..", false}, LinkCase{"l", "../f", false}, LinkCase{"a/l", "../../f", false},
                      LinkCase{"a/b/l", "../../../etc/passwd", false}, LinkCase{"l", "/etc/passwd", false},
                      LinkCase{"l", "./../f", false}, LinkCase{"l", "", false},
                      // through another link, "up" could be anywhere
                      LinkCase{"l", "d/../f", false}, LinkCase{"a/l", "m/../../f", false},
                      LinkCase{"l", "..\\f", false}, LinkCase{"l", std::string("f\0/etc", 6), false},
                      LinkCase{"l", "\xc0\xae\xc0\xae/f", false}, LinkCase{"l", std::string(1025, 'x'), false},
                      LinkCase{"l", std::string(256, 'x'), false}));

TEST(EntryPaths, KnowTheDirectoriesThatPathsImply) {
    EntryPaths paths;
    EXPECT_TRUE(paths.add("a/b/c", false));
    EXPECT_TRUE(paths.add("a/b", true));  // named after it was implied
    EXPECT_TRUE(paths.add("a/b/d", false));
    EXPECT_EQ(paths.count(), 4u);
}

struct TogetherCase {
    std::string first;
    bool first_is_directory;
    std::string second;
    bool second_is_directory;
    std::string why;
};
class Together : public ::testing::TestWithParam<TogetherCase> {};

TEST_P(Together, AreRefused) {
    const TogetherCase& one = GetParam();
    EntryPaths paths;
    ASSERT_TRUE(paths.add(one.first, one.first_is_directory));
    const auto added = paths.add(one.second, one.second_is_directory);
    ASSERT_FALSE(added);
    EXPECT_NE(added.error().doing.find(one.why), std::string::npos) << added.error().doing;
}

INSTANTIATE_TEST_SUITE_P(Rules, Together,
                         ::testing::Values(TogetherCase{"a", false, "a", false, "two of this name"},
                                           TogetherCase{"a", true, "a", true, "two of this name"},
                                           TogetherCase{"a", false, "A", false, "case only"},
                                           TogetherCase{"dir/x", false, "Dir/y", false, "case only"},
                                           TogetherCase{"a", false, "a", true, "both"},
                                           TogetherCase{"a", false, "a/b", false, "both"},
                                           TogetherCase{"a/b", false, "a", false, "both"},
                                           TogetherCase{"a/b/c", false, "a/b", false, "both"},
                                           TogetherCase{"a", false, "A/b", false, "case only"}));

TEST(EntryPaths, CountImpliedDirectoriesToo) {
    PackageLimits limits;
    limits.entries = 4;
    EntryPaths paths(limits);
    EXPECT_TRUE(paths.add("a/b/c", false));
    EXPECT_TRUE(paths.add("d", false));
    EXPECT_FALSE(paths.add("e", false));
    EntryPaths others(limits);
    EXPECT_FALSE(others.add("a/b/c/d/e", false));
}

}  // namespace
}  // namespace hotcell::protocol
