// Which files of a directory stay out of a package: .fcignore, in the syntax of gitignore(5).
//
// Here: one file's patterns: comments, '!', '/' at the beginning, in the middle and at the end, '*', '?', '[…]', '**', '\\'.
// Not here: that nothing below a directory that is left out comes back (the walk does not go there).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hotcell::cli {

class IgnoreRules {
public:
    IgnoreRules() = default;
    explicit IgnoreRules(std::string_view text);

    /// `path` is relative, its parts are separated by '/'. The last pattern that fits decides.
    bool ignores(std::string_view path, bool is_directory) const;

private:
    struct Rule {
        std::string pattern;  // without the marks below
        bool brings_back = false;
        bool directories_only = false;
        bool anchored = false;  // fits the whole path, not the last part alone
    };
    void add(std::string_view line);

    std::vector<Rule> rules_;
};

}  // namespace hotcell::cli
