#include "engine/environment/code/staged_tree.h"

#include "engine/linux/files/files.h"

namespace hotcell::environment {

Result<StagedTree> StagedTree::make(std::string directory) {
    if (linux::exists(directory)) return fail(ErrorKind::Conflict, directory + " exists already");
    TRY(linux::make_directories(directory, 0755));
    linux::Tree tree = TRY(linux::Tree::open(directory));
    return StagedTree(std::move(directory), std::move(tree));
}

StagedTree::~StagedTree() {
    if (!path_.empty()) linux::remove_tree(path_);
}

Result<> StagedTree::make_parent(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return {};
    std::string parent = path.substr(0, slash);
    if (parent == last_parent_) return {};
    TRY(tree_.make_directory(parent));
    last_parent_ = std::move(parent);
    return {};
}

Result<> StagedTree::directory(const std::string& path) {
    file_.reset();
    return tree_.make_directory(path);
}

Result<> StagedTree::file(const std::string& path, bool executable) {
    file_.reset();
    TRY(make_parent(path));
    file_ = TRY(tree_.make_file(path, executable ? 0755 : 0644));
    return {};
}

Result<> StagedTree::content(std::string_view bytes) { return linux::write_bytes(file_.get(), bytes); }

Result<> StagedTree::link(const std::string& path, const std::string& target) {
    file_.reset();
    links_.emplace_back(path, target);
    return {};
}

Result<> StagedTree::finish() {
    file_.reset();
    for (const auto& [path, target] : links_) {
        TRY(make_parent(path));
        TRY(tree_.make_link(path, target));
    }
    links_.clear();
    return tree_.sync();
}

}  // namespace hotcell::environment
