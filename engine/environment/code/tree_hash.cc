#include "engine/environment/code/tree_hash.h"

#include <vector>

#include "engine/environment/code/sha256.h"
#include "engine/linux/files/tree_walk.h"

namespace hotcell::environment {

using linux::TreeEntry;

Result<std::string> hash_open_file(int file) {
    static thread_local std::vector<char> piece(256 << 10);
    Sha256 hash;
    for (;;) {
        const std::size_t n = TRY(linux::read_piece(file, piece.data(), piece.size()));
        if (n == 0) return hash.hex();
        hash.add({piece.data(), n});
    }
}

Result<TreeListing> list_tree(const std::string& directory) {
    TreeListing listing;
    const auto add = [&](const TreeEntry& entry) -> Result<> {
        const bool sound = entry.kind == TreeEntry::Kind::Link || entry.mode == 0755 ||
                           (entry.kind == TreeEntry::Kind::File && entry.mode == 0644);
        if (!sound) return fail(ErrorKind::Broken, entry.path + " has another mode than it was stored with");
        switch (entry.kind) {
            case TreeEntry::Kind::Directory: listing.directory(entry.path); break;
            case TreeEntry::Kind::Link: listing.link(entry.path, entry.target); break;
            case TreeEntry::Kind::File:
                listing.file(entry.path, entry.mode == 0755, entry.size, TRY(hash_open_file(entry.file)));
        }
        return {};
    };
    TRY(linux::walk_tree(directory, add));
    return listing;
}

}  // namespace hotcell::environment
