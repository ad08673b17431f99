#include "engine/environment/code/tree_listing.h"

#include "engine/environment/code/sha256.h"

namespace hotcell::environment {

void TreeListing::add_parents(const std::string& path) {
    for (std::size_t slash = path.rfind('/'); slash != std::string::npos && slash > 0;
         slash = path.rfind('/', slash - 1))
        if (!lines_.try_emplace(path.substr(0, slash), "d").second) return;  // then those above it are there as well
}

void TreeListing::directory(const std::string& path) {
    add_parents(path);
    lines_.try_emplace(path, "d");
}

void TreeListing::file(const std::string& path, bool executable, std::uint64_t size, std::string_view sha256) {
    add_parents(path);
    std::string line = executable ? "x " : "f ";
    line.append(std::to_string(size)).append(" ").append(sha256);
    lines_.insert_or_assign(path, std::move(line));
}

void TreeListing::link(const std::string& path, std::string_view target) {
    add_parents(path);
    lines_.insert_or_assign(path, "l " + std::string(target));
}

bool TreeListing::has_directory(const std::string& path) const {
    const auto found = lines_.find(path);
    return found != lines_.end() && found->second == "d";
}

std::string TreeListing::name() const {
    Sha256 hash;
    hash.add(std::string_view("tree/1\0", 7));
    for (const auto& [path, line] : lines_) {  // neither has a NUL
        hash.add(path);
        hash.add(std::string_view("\0", 1));
        hash.add(line);
        hash.add(std::string_view("\0", 1));
    }
    return hash.hex();
}

}  // namespace hotcell::environment
