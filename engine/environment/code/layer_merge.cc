#include "engine/environment/code/layer_merge.h"

#include "engine/environment/code/staged_tree.h"
#include "engine/environment/code/tree_hash.h"
#include "engine/linux/files/tree_walk.h"

namespace hotcell::environment {

using linux::TreeEntry;

namespace {

/// True when the merged tree has a file or link at a place above `path`.
bool lies_below_one(const TreeListing& merged, const std::string& path) {
    for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
        const std::string above = path.substr(0, slash);
        if (merged.has(above) && !merged.has_directory(above)) return true;
    }
    return false;
}

Result<> add_entry(StagedTree& merged, const std::string& tree, const TreeEntry& entry) {
    const TreeListing& there = merged.listing();
    if (lies_below_one(there, entry.path) || there.has(entry.path)) return {};
    switch (entry.kind) {
        case TreeEntry::Kind::Directory: return merged.directory(entry.path);
        case TreeEntry::Kind::Link: return merged.put_link(entry.path, entry.target);
        case TreeEntry::Kind::File: break;
    }
    return merged.adopt(entry.path, tree + "/" + entry.path, entry.mode == 0755, entry.size,
                        TRY(hash_open_file(entry.file)));
}

Result<> add_tree(StagedTree& merged, const std::string& tree, std::uint64_t& bytes) {
    return linux::walk_tree(tree, [&](const TreeEntry& entry) -> Result<> {
        bytes += entry.size;
        if (bytes > kMostOfLayers.count)
            return std::unexpected(
                Error{ErrorKind::InvalidArgument,
                      0,
                      "layers: their files are larger than " + std::to_string(kMostOfLayers.count) + " bytes together",
                      {},
                      "InvalidArgument"});
        return add_entry(merged, tree, entry);
    });
}

}  // namespace

Result<std::string> merge_layers(CodeStore& store, const std::vector<std::string>& trees) {
    if (trees.empty() || trees.size() > kMostLayers)
        return std::unexpected(Error{
            ErrorKind::InvalidArgument,
            0,
            "layers: " + std::to_string(trees.size()) + " are named, 1 to " + std::to_string(kMostLayers) + " may be",
            {},
            "InvalidArgument"});
    for (const std::string& tree : trees) TRY(store.verify(tree));
    if (trees.size() == 1) {
        (void)store.hold(trees[0]);
        return trees[0];
    }
    StagedTree merged = TRY(StagedTree::make(store.stage()));
    std::uint64_t bytes = 0;
    for (const std::string& tree : trees) TRY_IN("merge layers", add_tree(merged, store.path_of(tree), bytes));
    const std::string name = TRY(merged.finish());
    (void)store.hold(name);
    if (auto stored = store.store_tree(name, merged.path()); !stored) {
        store.release(name);
        return std::unexpected(std::move(stored).error());
    }
    return name;
}

}  // namespace hotcell::environment
