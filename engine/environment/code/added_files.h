// What a runtime's compiler adds to a package's tree: believed in nothing, for it ran beside the package.
//
// Only files in directories of one name ("__pycache__"), each below a directory of the package. A file is taken when all of it
// has come, and takes the place of one the package had; what does not fit is left out, for a tree is sound without it.
// Threads: an object stays with one thread. Blocks for the disk.
#pragma once

#include <string>
#include <string_view>

#include "engine/environment/code/staged_tree.h"
#include "engine/environment/code/unpacked_stream.h"

namespace hotcell::environment {

class AddedFiles final : public TreeSink {
public:
    /// `tree` has everything of the package, links too.
    AddedFiles(StagedTree& tree, std::string directory_name)
        : tree_(tree), directory_name_(std::move(directory_name)) {}

    Result<> directory(const std::string& path) override;
    Result<> file(const std::string& path, bool executable) override;
    Result<> content(std::string_view bytes) override;
    Result<> link(const std::string& path, const std::string& target) override;
    /// The stream was whole: so is its last file.
    void finish() { take(); }

    std::size_t added() const { return added_; }

private:
    bool fits(const std::string& path) const;
    void take();

    StagedTree& tree_;
    const std::string directory_name_;
    std::string path_;  // empty: no file is under way
    std::string content_;
    std::size_t added_ = 0;
};

}  // namespace hotcell::environment
