// .fcignore decides as gitignore(5) says. Every row has been asked of git check-ignore too.
#include "engine/programs/cli/ignore_rules.h"

#include <gtest/gtest.h>

namespace hotcell::cli {

namespace {

struct Row {
    const char* rules;
    const char* path;  // a directory where it ends with '/'
    bool ignored;
};

const Row kRows[] = {
    {"", "a", false},
    {"# a", "# a", false},
    {"\\# a", "# a", true},
    {"a", "a", true},
    {"a", "b/a", true},
    {"a", "a/", true},
    {"a", "ab", false},
    {"a\r\n", "a", true},
    {"a  ", "a", true},
    {"a\\ ", "a ", true},
    {"/a", "a", true},
    {"/a", "b/a", false},
    {"b/a", "b/a", true},
    {"b/a", "c/b/a", false},
    {"a/", "a", false},
    {"a/", "a/", true},
    {"a/", "b/a/", true},
    {"*.pyc", "x.pyc", true},
    {"*.pyc", "lib/x.pyc", true},
    {"*.pyc", "x.py", false},
    {"*", "anything", true},
    {"lib/*", "lib/a", true},
    {"lib/*.o", "lib/a/b.o", false},
    {"a?c", "abc", true},
    {"a?c", "a/c", false},
    {"a[bx]c", "abc", true},
    {"a[!b]c", "abc", false},
    {"a[^b]c", "axc", true},
    {"a[a-c]c", "abc", true},
    {"a[a-c]c", "adc", false},
    {"a[]]c", "a]c", true},
    {"a[/]c", "a/c", false},
    {"[a-c", "[a-c", false},
    {"**/a", "a", true},
    {"**/a", "b/c/a", true},
    {"**/b/a", "c/b/a", true},
    {"a/**", "a/b/c", true},
    {"a/**", "a/", false},
    {"a/**/b", "a/b", true},
    {"a/**/b", "a/x/y/b", true},
    {"a/**/b", "a/xb", false},
    {"a**b", "axxb", true},
    {"a/**b", "a/x/b", false},
    {"*\n!keep", "keep", false},
    {"!keep\n*", "keep", true},
    {"*.log\n!important.log", "important.log", false},
    {"\\!keep", "!keep", true},
    {"\\*", "*", true},
    {"\\*", "x", false},
    {"!", "a", false},
    {"/", "a", false},
    {"\xc3\xa4*", "\xc3\xa4x", true},
};

TEST(IgnoreRules, DecideAsGitDoes) {
    for (const auto& [rules, path, ignored] : kRows) {
        std::string_view plain = path;
        const bool is_directory = plain.ends_with('/');
        if (is_directory) plain.remove_suffix(1);
        EXPECT_EQ(IgnoreRules(rules).ignores(plain, is_directory), ignored) << rules << " and " << path;
    }
}

}  // namespace

}  // namespace hotcell::cli
