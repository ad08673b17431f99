#include "engine/programs/cli/ignore_rules.h"

#include <algorithm>

namespace hotcell::cli {

namespace {

/// Takes a "[…]" off the pattern; whether `c` is in it. False where it is not closed, which fits nothing.
bool take_class(std::string_view& pattern, char c, bool& fits) {
    std::size_t at = 1;
    const bool others = at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^');
    if (others) ++at;
    bool found = false;
    for (const std::size_t first = at; at < pattern.size() && (pattern[at] != ']' || at == first); ++at) {
        if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
        const char low = pattern[at];
        char high = low;
        if (at + 2 < pattern.size() && pattern[at + 1] == '-' && pattern[at + 2] != ']') {
            at += 2;
            if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
            high = pattern[at];
        }
        found = found || (c >= low && c <= high);
    }
    if (at >= pattern.size()) return false;
    pattern.remove_prefix(at + 1);
    fits = found != others && c != '/';
    return true;
}

bool fits(std::string_view pattern, std::string_view path, bool at_part = true);

/// "**" and what follows it, at the beginning of a part.
bool fits_any_parts(std::string_view rest, std::string_view path) {
    if (rest.empty()) return !path.empty();
    for (rest.remove_prefix(1);;) {
        if (fits(rest, path)) return true;
        const auto slash = path.find('/');
        if (slash == std::string_view::npos) return false;
        path.remove_prefix(slash + 1);
    }
}

bool fits_star(std::string_view rest, std::string_view path) {
    for (;;) {
        if (fits(rest, path, false)) return true;
        if (path.empty() || path.front() == '/') return false;
        path.remove_prefix(1);
    }
}

bool fits(std::string_view pattern, std::string_view path, bool at_part) {
    while (!pattern.empty()) {
        const bool parts = at_part && pattern.starts_with("**") && (pattern.size() == 2 || pattern[2] == '/');
        if (parts) return fits_any_parts(pattern.substr(2), path);
        if (pattern.front() == '*')
            return fits_star(pattern.substr(std::min(pattern.find_first_not_of('*'), pattern.size())), path);
        if (path.empty()) return false;
        const char c = path.front();
        bool in_class = false;
        if (pattern.front() == '?') {
            if (c == '/') return false;
            pattern.remove_prefix(1);
        } else if (pattern.front() == '[') {
            if (!take_class(pattern, c, in_class) || !in_class) return false;
        } else {
            if (pattern.front() == '\\' && pattern.size() > 1) pattern.remove_prefix(1);
            if (pattern.front() != c) return false;
            pattern.remove_prefix(1);
        }
        path.remove_prefix(1);
        at_part = c == '/';
    }
    return path.empty();
}

/// Spaces at the end mean nothing, unless the last one is escaped.
std::string_view without_end(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    while (line.ends_with(' ') && !line.ends_with("\\ ")) line.remove_suffix(1);
    return line;
}

}  // namespace

IgnoreRules::IgnoreRules(std::string_view text) {
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        add(without_end(line));
    }
}

void IgnoreRules::add(std::string_view line) {
    if (line.empty() || line.front() == '#') return;
    Rule rule;
    rule.brings_back = line.front() == '!';
    if (rule.brings_back) line.remove_prefix(1);
    rule.directories_only = line.ends_with('/');
    if (rule.directories_only) line.remove_suffix(1);
    rule.anchored = line.find('/') != std::string_view::npos;
    if (line.starts_with('/')) line.remove_prefix(1);
    if (line.empty()) return;
    rule.pattern = line;
    rules_.push_back(std::move(rule));
}

bool IgnoreRules::ignores(std::string_view path, bool is_directory) const {
    const auto name = path.substr(path.rfind('/') + 1);
    for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule)
        if ((is_directory || !rule->directories_only) && fits(rule->pattern, rule->anchored ? path : name))
            return !rule->brings_back;
    return false;
}

}  // namespace hotcell::cli
