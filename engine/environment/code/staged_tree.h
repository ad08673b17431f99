// A package's tree on disk, in a directory of its own, until it is whole: then CodeStore::store_tree() gives it its name.
//
// Here: files, directories, and links once everything else is there. Blocks for the disk. Not here: what may be in a tree
// (unpacked_stream.h). Threads: an object stays with one thread at a time.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/environment/code/sha256.h"
#include "engine/environment/code/tree_listing.h"
#include "engine/environment/code/unpacked_stream.h"
#include "engine/linux/files/beneath.h"

namespace hotcell::environment {

class StagedTree final : public TreeSink {
public:
    /// Makes `directory`, which must not exist.
    static Result<StagedTree> make(std::string directory);
    StagedTree(StagedTree&&) = default;
    StagedTree& operator=(StagedTree&&) = delete;
    /// Removes the directory, unless it has been moved to its name by then.
    ~StagedTree() override;

    Result<> directory(const std::string& path) override;
    Result<> file(const std::string& path, bool executable) override;
    Result<> content(std::string_view bytes) override;
    Result<> link(const std::string& path, const std::string& target) override;

    /// Makes the links, once everything else of the package is there.
    Result<> make_links();
    /// One more file, in the place of one of that name if there is one, its directory made when missing. An error leaves the tree
    /// without it.
    Result<> put(const std::string& path, std::string_view content);
    /// A link at once, and a file that is another one of the same file system: both share what is in it.
    Result<> put_link(const std::string& path, const std::string& target);
    Result<> adopt(const std::string& path, const std::string& from, bool executable, std::uint64_t size,
                   std::string_view sha256);
    /// Makes links that are not there yet and brings everything to the disk. The name of what it has become (CodeStore::store_tree).
    Result<std::string> finish();
    /// What has been staged; links are in it from finish() on.
    const TreeListing& listing() const { return listing_; }
    const std::string& path() const { return path_; }

private:
    StagedTree(std::string path, linux::Tree tree) : path_(std::move(path)), tree_(std::move(tree)) {}
    Result<> make_parent(const std::string& path);
    void end_file();

    std::string path_;  // empty: moved from
    linux::Tree tree_;
    linux::UniqueFd file_;
    std::string file_path_;
    bool file_executable_ = false;
    std::uint64_t file_size_ = 0;
    std::optional<Sha256> file_hash_;  // set while a file is being written
    TreeListing listing_;
    std::string last_parent_;  // known to be there
    std::vector<std::pair<std::string, std::string>> links_;
};

}  // namespace hotcell::environment
