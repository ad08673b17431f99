// Layers as one tree: whose file stays, what the tree is called, and that the store's files are shared.
#include "engine/environment/code/layer_merge.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <optional>

#include "engine/environment/code/staged_tree.h"
#include "engine/environment/code/tree_hash.h"
#include "engine/linux/files/files.h"
#include "tests/support/temporary_directory.h"

namespace hotcell::environment {
namespace {

class LayerMerge : public ::testing::Test {
protected:
    LayerMerge() {
        EXPECT_TRUE(CodeStore::prepare(directory.path(), ::getuid(), ::getgid()));
        store_.emplace(directory.path(), mebibytes(100));
    }
    /// "name/" is a directory, "name -> target" a link.
    std::string tree(const std::map<std::string, std::string>& entries) {
        auto staged = StagedTree::make(store().stage());
        EXPECT_TRUE(staged);
        for (const auto& [name, content] : entries) {
            const std::size_t arrow = name.find(" -> ");
            if (arrow != std::string::npos) {
                EXPECT_TRUE(staged->link(name.substr(0, arrow), name.substr(arrow + 4)));
            } else if (name.ends_with('/')) {
                EXPECT_TRUE(staged->directory(name.substr(0, name.size() - 1)));
            } else {
                EXPECT_TRUE(staged->file(name, false) && staged->content(content));
            }
        }
        std::string made = staged->finish().value();
        EXPECT_TRUE(store().store_tree(made, staged->path()));
        return made;
    }
    CodeStore& store() { return *store_; }
    std::string at(const std::string& tree, const std::string& path) { return store().path_of(tree) + "/" + path; }
    std::string text(const std::string& tree, const std::string& path) {
        const auto read = linux::read_file(at(tree, path), 100);
        return read ? *read : "(none)";
    }

    TemporaryDirectory directory;
    std::optional<CodeStore> store_;
};

TEST_F(LayerMerge, OneAloneIsItself) {
    const std::string one = tree({{"python/a.py", "a"}});
    EXPECT_EQ(merge_layers(store(), {one}).value(), one);
}

TEST_F(LayerMerge, TheFirstNamedWins) {
    const std::string first = tree({{"python/a.py", "first"}, {"python/only.py", "1"}});
    const std::string second = tree({{"python/a.py", "second"}, {"python/lib/b.py", "2"}, {"bin/tool", "t"}});
    const std::string merged = merge_layers(store(), {first, second}).value();
    EXPECT_EQ(text(merged, "python/a.py"), "first");
    EXPECT_EQ(text(merged, "python/only.py"), "1");
    EXPECT_EQ(text(merged, "python/lib/b.py"), "2");
    EXPECT_EQ(text(merged, "bin/tool"), "t");
    EXPECT_EQ(text(merge_layers(store(), {second, first}).value(), "python/a.py"), "second");
    EXPECT_EQ(list_tree(store().path_of(merged)).value().name(), merged);
    EXPECT_TRUE(store().is_sound(merged));
    EXPECT_EQ(merge_layers(store(), {first, second}).value(), merged);
}

TEST_F(LayerMerge, NothingComesToLieBelowAnEarlierFileOrLink) {
    const std::string first = tree({{"a", "a file"}, {"l -> a", ""}, {"d/", ""}});
    const std::string second = tree({{"a/b/c", "x"}, {"l/x", "x"}, {"d", "a file"}, {"e", "x"}});
    const std::string merged = merge_layers(store(), {first, second}).value();
    EXPECT_EQ(text(merged, "a"), "a file");
    EXPECT_EQ(text(merged, "l"), "a file");
    EXPECT_EQ(text(merged, "e"), "x");
    EXPECT_EQ(linux::list_directory(at(merged, "d")).value().size(), 0u);
    EXPECT_EQ(list_tree(store().path_of(merged)).value().name(), merged);
}

TEST_F(LayerMerge, FilesAreSharedWithTheLayers) {
    const std::string first = tree({{"a", "a"}});
    const std::string second = tree({{"b", "b"}});
    const std::string merged = merge_layers(store(), {first, second}).value();
    struct stat one {
    }, other{};
    ASSERT_EQ(::stat(at(second, "b").c_str(), &one), 0);
    ASSERT_EQ(::stat(at(merged, "b").c_str(), &other), 0);
    EXPECT_EQ(one.st_ino, other.st_ino);
}

TEST_F(LayerMerge, SixAreTooMany) {
    const std::string one = tree({{"a", "a"}});
    const auto refused = merge_layers(store(), {one, one, one, one, one, one});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message(), "layers: 6 are named, 1 to 5 may be");
}

TEST_F(LayerMerge, TwoGibibytesTogetherAreTheMost) {
    const std::string one = tree({{"a", "a"}});
    const std::string large = tree({{"b", "b"}});
    // sparse: what counts is how large the files say they are
    ASSERT_EQ(::truncate(at(large, "b").c_str(), (2ll << 30)), 0);
    const auto refused = merge_layers(store(), {one, large});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message(), "merge layers: layers: their files are larger than 2147483648 bytes together");
    EXPECT_TRUE(linux::list_directory(directory / "staging").value().empty());
}

TEST_F(LayerMerge, AChangedOneIsRefused) {
    const std::string one = tree({{"a", "a"}});
    const std::string other = tree({{"b", "b"}});
    ASSERT_EQ(::truncate(at(other, "b").c_str(), 0), 0);
    store_.emplace(directory.path(), mebibytes(100));
    EXPECT_EQ(merge_layers(store(), {one, other}).error().kind, ErrorKind::Broken);
    EXPECT_EQ(merge_layers(store(), {std::string(64, '0')}).error().kind, ErrorKind::NotFound);
}

}  // namespace
}  // namespace hotcell::environment
