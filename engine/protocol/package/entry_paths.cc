#include "engine/protocol/package/entry_paths.h"

#include "engine/base/utf8.h"

namespace hotcell::protocol {

namespace {

std::unexpected<Error> refuse(std::string_view path, std::string_view why) {
    return fail(ErrorKind::InvalidArgument, "entry '" + printable(path) + "': " + std::string(why));
}

bool is_control(unsigned char c) { return c < 0x20 || c == 0x7f; }

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// The case of ASCII letters is not in it.
std::string key_of(std::uint32_t parent, std::string_view name) {
    std::string key(reinterpret_cast<const char*>(&parent), sizeof parent);
    for (const char c : name) key += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    return key;
}

Result<> check_characters(std::string_view path, std::string_view text, std::string_view what) {
    for (const char c : text) {
        if (is_control(static_cast<unsigned char>(c)))
            return refuse(path, std::string(what) + " has a control character");
        if (c == '\\') return refuse(path, std::string(what) + " has a backslash");
    }
    if (!is_utf8(text)) return refuse(path, std::string(what) + " is not UTF-8");
    return {};
}

/// Calls `each` with every part between slashes until one is refused.
template <class Each>
Result<> for_each_part(std::string_view path, Each each) {
    for (std::size_t at = 0;;) {
        const std::size_t slash = path.find('/', at);
        TRY(each(path.substr(at, slash == path.npos ? path.npos : slash - at)));
        if (slash == path.npos) return {};
        at = slash + 1;
    }
}

}  // namespace

std::string printable(std::string_view path) {
    constexpr std::size_t kMost = 120;
    std::string out(path.substr(0, kMost));
    const bool text = is_utf8(out);
    for (char& c : out) {
        const auto byte = static_cast<unsigned char>(c);
        if (is_control(byte) || (byte >= 0x80 && !text)) c = '?';
    }
    return path.size() > kMost ? out + "..." : out;
}

Result<> check_entry_path(std::string_view path, const PackageLimits& limits) {
    if (path.empty()) return refuse(path, "its name is empty");
    if (path.size() > limits.path) return refuse(path, "its path is longer than " + std::to_string(limits.path));
    TRY(check_characters(path, path, "its name"));
    if (path.front() == '/') return refuse(path, "its path is absolute");
    if (path.size() >= 2 && path[1] == ':' && is_letter(path[0])) return refuse(path, "its path begins with a drive");
    std::uint32_t depth = 0;
    return for_each_part(path, [&](std::string_view part) -> Result<> {
        if (part.empty() || part == ".") return refuse(path, "its path has an empty part or '.'");
        if (part == "..") return refuse(path, "its path has '..'");
        if (part.size() > limits.name)
            return refuse(path, "a part of its path is longer than " + std::to_string(limits.name));
        if (++depth > limits.depth) return refuse(path, "it lies deeper than " + std::to_string(limits.depth));
        return {};
    });
}

Result<> check_link_target(std::string_view link, std::string_view target, const PackageLimits& limits) {
    if (target.empty()) return refuse(link, "it is a link to nothing");
    if (target.size() > limits.link_target)
        return refuse(link, "its target is longer than " + std::to_string(limits.link_target));
    TRY(check_characters(link, target, "its target"));
    if (target.front() == '/') return refuse(link, "its target is absolute");
    std::size_t up = 0;
    bool down = false;
    std::uint32_t parts = 0;
    TRY(for_each_part(target, [&](std::string_view part) -> Result<> {
        if (++parts > 2 * limits.depth) return refuse(link, "its target has too many parts");
        if (part.size() > limits.name)
            return refuse(link, "a part of its target is longer than " + std::to_string(limits.name));
        if (part == ".." && down) return refuse(link, "its target has '..' behind a name");
        if (part == "..")
            ++up;
        else if (!part.empty() && part != ".")
            down = true;
        return {};
    }));
    std::size_t deep = 0;
    for (const char c : link) deep += c == '/';
    if (up > deep) return refuse(link, "its target lies outside");
    return {};
}

Result<> EntryPaths::add(std::string_view path, bool is_directory) {
    TRY(check_entry_path(path, limits_));
    std::uint32_t parent = 0;
    std::size_t from = 0;
    for (std::size_t slash = path.find('/'); slash != path.npos; slash = path.find('/', from)) {
        parent = TRY(add_node(path, parent, path.substr(from, slash - from), true, true));
        from = slash + 1;
    }
    (void)TRY(add_node(path, parent, path.substr(from), is_directory, false));
    return {};
}

Result<std::uint32_t> EntryPaths::add_node(std::string_view path, std::uint32_t parent, std::string_view name,
                                           bool directory, bool implied) {
    const std::uint64_t spelled = std::hash<std::string_view>()(name);
    const auto [at, fresh] = nodes_.try_emplace(key_of(parent, name));
    Node& node = at->second;
    if (fresh) {
        if (nodes_.size() > limits_.entries)
            return fail(ErrorKind::InvalidArgument,
                        "the package has more than " + std::to_string(limits_.entries) + " files and directories");
        node = Node{count(), spelled, directory, implied};
        return node.number;
    }
    if (node.spelled != spelled) return refuse(path, "another entry differs from it in case only");
    if (node.directory != directory) return refuse(path, "it is both a directory and something else");
    if (!implied && !node.implied) return refuse(path, "there are two of this name");
    node.implied = node.implied && implied;
    return node.number;
}

}  // namespace hotcell::protocol
