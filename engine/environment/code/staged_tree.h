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

    /// Makes the links and brings everything to the disk.
    Result<> finish();
    const std::string& path() const { return path_; }

private:
    StagedTree(std::string path, linux::Tree tree) : path_(std::move(path)), tree_(std::move(tree)) {}
    Result<> make_parent(const std::string& path);

    std::string path_;  // empty: moved from
    linux::Tree tree_;
    linux::UniqueFd file_;
    std::string last_parent_;  // known to be there
    std::vector<std::pair<std::string, std::string>> links_;
};

}  // namespace hotcell::environment
