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
    listing_.directory(parent);
    last_parent_ = std::move(parent);
    return {};
}

/// What is written of a file is complete once something else begins.
void StagedTree::end_file() {
    file_.reset();
    if (!file_hash_) return;
    listing_.file(file_path_, file_executable_, file_size_, file_hash_->hex());
    file_hash_.reset();
}

Result<> StagedTree::directory(const std::string& path) {
    end_file();
    TRY(tree_.make_directory(path));
    listing_.directory(path);
    return {};
}

Result<> StagedTree::file(const std::string& path, bool executable) {
    end_file();
    TRY(make_parent(path));
    file_ = TRY(tree_.make_file(path, executable ? 0755 : 0644));
    file_path_ = path;
    file_executable_ = executable;
    file_size_ = 0;
    file_hash_.emplace();
    return {};
}

Result<> StagedTree::content(std::string_view bytes) {
    TRY(linux::write_bytes(file_.get(), bytes));
    file_size_ += bytes.size();
    file_hash_->add(bytes);
    return {};
}

Result<> StagedTree::link(const std::string& path, const std::string& target) {
    end_file();
    links_.emplace_back(path, target);
    return {};
}

Result<> StagedTree::put_link(const std::string& path, const std::string& target) {
    TRY(make_parent(path));
    TRY(tree_.make_link(path, target));
    listing_.link(path, target);
    return {};
}

Result<> StagedTree::adopt(const std::string& path, const std::string& from, bool executable, std::uint64_t size,
                           std::string_view sha256) {
    TRY(make_parent(path));
    TRY(tree_.adopt_file(path, from));
    listing_.file(path, executable, size, sha256);
    return {};
}

Result<> StagedTree::make_links() {
    end_file();
    for (const auto& [path, target] : links_) TRY(put_link(path, target));
    links_.clear();
    return {};
}

Result<> StagedTree::put(const std::string& path, std::string_view bytes) {
    end_file();
    TRY(make_parent(path));
    auto made = tree_.make_file(path, 0644);
    if (!made && made.error().kind == ErrorKind::Conflict) {
        TRY(tree_.remove_file(path));
        listing_.remove(path);
        made = tree_.make_file(path, 0644);
    }
    if (!made) return std::unexpected(std::move(made).error());
    if (auto written = linux::write_bytes(made->get(), bytes); !written) {
        (void)tree_.remove_file(path);
        return written;
    }
    Sha256 hash;
    hash.add(bytes);
    listing_.file(path, false, bytes.size(), hash.hex());
    return {};
}

Result<std::string> StagedTree::finish() {
    TRY(make_links());
    TRY(tree_.sync());
    return listing_.name();
}

}  // namespace hotcell::environment
