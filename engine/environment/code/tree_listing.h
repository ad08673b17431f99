// What names a tree of code: the SHA-256 of the list of everything in it. Two trees have one name only when they have the same
// paths, modes, contents and links; owners and times do not count.
//
// Here: the list and its hash. Not here: reading a tree from the disk (tree_hash.h), writing one (staged_tree.h).
// Threads: an object stays with one thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace hotcell::environment {

class TreeListing {
public:
    /// Paths are relative to the tree's top. Directories above one that is named need not be named themselves.
    void directory(const std::string& path);
    /// `sha256` of the content, in hexadecimal digits.
    void file(const std::string& path, bool executable, std::uint64_t size, std::string_view sha256);
    void link(const std::string& path, std::string_view target);
    /// What is not a directory.
    void remove(const std::string& path) { lines_.erase(path); }

    bool has(const std::string& path) const { return lines_.contains(path); }
    bool has_directory(const std::string& path) const;
    /// 64 hexadecimal digits.
    std::string name() const;

private:
    void add_parents(const std::string& path);

    std::map<std::string, std::string> lines_;  // by path
};

}  // namespace hotcell::environment
