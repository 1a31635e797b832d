#include "tree/file_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <rpixen/error.hpp>

namespace rpixen {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr auto replace = FileTree::Existing::replace;
const Metadata plain{0644, 0, 0, {}};

class Tree : public testing::Test {
  protected:
    NodeId file(const std::string& path, const std::string& text = "x",
                FileTree::Existing existing = FileTree::Existing::refuse) {
        return tree_.add_file(tree_.locate(path), plain, memory_content(text, path), {}, existing);
    }
    std::vector<std::string> names(const std::string& path) {
        std::vector<std::string> list;
        for (const EntryId entry : tree_.children(*tree_.find(path))) list.emplace_back(tree_.entry_name(entry));
        return list;
    }
    std::string text(const std::string& path) {
        return std::string(as_text(read_all(tree_.content(*tree_.find(path)))));
    }
    template <typename Work>
    void refused(const Work& work, const std::string& words) {
        try {
            work();
            ADD_FAILURE() << "not refused: " << words;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::artifact);
            EXPECT_THAT(error.what(), HasSubstr(words));
        }
    }
    FileTree tree_;
};

TEST_F(Tree, AnEmptyOneHasItsRoot) {
    EXPECT_EQ(tree_.node_count(), 1U);
    EXPECT_EQ(tree_.type(FileTree::root()), NodeType::directory);
    EXPECT_EQ(tree_.metadata(FileTree::root()), (Metadata{0755, 0, 0, {}}));
    EXPECT_EQ(tree_.links(FileTree::root()), 1U);
    EXPECT_EQ(tree_.find("/"), FileTree::root());
    EXPECT_EQ(tree_.find(""), FileTree::root());
    EXPECT_EQ(tree_.path_of(FileTree::root()), "/");
    EXPECT_EQ(tree_.parent(FileTree::root()), FileTree::root());
    EXPECT_THAT(names("/"), IsEmpty());
}

TEST_F(Tree, EachKindKeepsWhatItHas) {
    const Metadata m{06755, 4294967294, 7, {-5, 999999999}};
    const NodeId f = tree_.add_file(tree_.locate("f"), m, memory_content("12345", "f"));
    const NodeId s = tree_.add_symlink(tree_.locate("s"), m, "some/where");
    const NodeId c = tree_.add_device(tree_.locate("c"), m, NodeType::character_device, 4095, 1048575);
    const NodeId b = tree_.add_device(tree_.locate("b"), m, NodeType::block_device, 8, 1);
    const NodeId p = tree_.add_special(tree_.locate("p"), m, NodeType::fifo);
    const NodeId k = tree_.add_special(tree_.locate("k"), m, NodeType::socket);
    const NodeId d = tree_.add_directory(tree_.locate("d"), m);
    for (const NodeId node : {f, s, c, b, p, k, d}) {
        EXPECT_EQ(tree_.metadata(node), m);
        EXPECT_EQ(tree_.links(node), 1U);
        EXPECT_EQ(tree_.find(tree_.path_of(node)), node);
    }
    EXPECT_EQ(tree_.size(f), 5U);
    EXPECT_EQ(text("f"), "12345");
    EXPECT_THAT(tree_.runs(f), ElementsAre(DataRun{0, 5}));
    EXPECT_EQ(tree_.symlink_target(s), "some/where");
    EXPECT_EQ(tree_.size(s), 10U);
    EXPECT_EQ(tree_.device_major(c), 4095U);
    EXPECT_EQ(tree_.device_minor(c), 1048575U);
    EXPECT_STREQ(name_of(tree_.type(k)), "socket");
}

TEST_F(Tree, NamesComeSortedBytewise) {
    for (const char* name : {"b", "B", "a", "\xff", "a0", "a\x80", "_", "aa", "10", "9"}) file(name);
    EXPECT_THAT(names("/"), ElementsAre("10", "9", "B", "_", "a", "a0", "aa", "a\x80", "b", "\xff"));
}

TEST_F(Tree, SparseFiles) {
    const NodeId node = tree_.add_sparse_file(tree_.locate("s"), plain, 1ULL << 40, memory_content("abcde", "s"),
                                              {{4096, 3}, {1ULL << 39, 2}});
    EXPECT_TRUE(tree_.sparse(node));
    EXPECT_EQ(tree_.size(node), 1ULL << 40);
    EXPECT_EQ(tree_.content(node).size, 5U);
    EXPECT_THAT(tree_.runs(node), ElementsAre(DataRun{4096, 3}, DataRun{1ULL << 39, 2}));
    const NodeId hole = tree_.add_sparse_file(tree_.locate("hole"), plain, 1000, {}, {});
    EXPECT_THAT(tree_.runs(hole), IsEmpty());
    EXPECT_EQ(tree_.content(hole).size, 0U);
    const Content five = memory_content("abcde", "s");
    refused([&] { tree_.add_sparse_file(tree_.locate("x"), plain, 10, five, {{6, 5}}); }, "damaged");
    refused([&] { tree_.add_sparse_file(tree_.locate("x"), plain, 10, five, {{5, 3}, {0, 2}}); }, "damaged");
    refused([&] { tree_.add_sparse_file(tree_.locate("x"), plain, 10, five, {{0, 4}}); }, "does not match");
    EXPECT_FALSE(tree_.find("x"));
}

TEST_F(Tree, HardLinks) {
    const NodeId node = file("a/first");
    tree_.add_link(tree_.locate("b/second"), node);
    EXPECT_EQ(tree_.links(node), 2U);
    EXPECT_EQ(tree_.find("b/second"), node);
    EXPECT_EQ(tree_.path_of(node), "/a/first");
    tree_.remove(*tree_.find("a"), "first");
    EXPECT_EQ(tree_.links(node), 1U);
    EXPECT_EQ(tree_.path_of(node), "/b/second");
    EXPECT_FALSE(tree_.find("a/first"));
    refused([&] { tree_.add_link(tree_.locate("c"), FileTree::root()); }, "directory");
    refused([&] { tree_.add_link(tree_.locate("b/second"), node); }, "one name");
}

TEST_F(Tree, TwoOfOneNameInALayerAreRefused) {
    file("a");
    refused([&] { file("a"); }, "one name");
    refused([&] { file("a", "y", replace); }, "one name");
    refused([&] { tree_.add_symlink(tree_.locate("a"), plain, "b", {}, replace); }, "one name");
    EXPECT_EQ(tree_.child_count(FileTree::root()), 1U);
    EXPECT_EQ(tree_.links(*tree_.find("a")), 1U);
}

TEST_F(Tree, ALaterLayerReplaces) {
    const NodeId old = file("a", "old");
    tree_.add_link(tree_.locate("other"), old);
    tree_.begin_layer();
    refused([&] { file("a"); }, "one name");
    const NodeId fresh = file("a", "new", replace);
    EXPECT_EQ(text("a"), "new");
    EXPECT_EQ(text("other"), "old");
    EXPECT_EQ(tree_.links(old), 1U);
    EXPECT_EQ(tree_.links(fresh), 1U);
    EXPECT_EQ(tree_.path_of(old), "/other");
    EXPECT_EQ(tree_.path_of(fresh), "/a");
    refused([&] { file("a", "again", replace); }, "one name");
    tree_.begin_layer();
    tree_.add_symlink(tree_.locate("a"), plain, "other", {}, replace);
    EXPECT_EQ(tree_.type(*tree_.find("a")), NodeType::symlink) << "a file may become a link";
    EXPECT_EQ(tree_.links(fresh), 0U);
    EXPECT_EQ(tree_.path_of(fresh), "");
    tree_.begin_layer();
    tree_.add_link(tree_.locate("a"), old, replace);
    EXPECT_EQ(tree_.find("a"), old);
    EXPECT_EQ(tree_.links(old), 2U);
}

TEST_F(Tree, DirectoriesMerge) {
    tree_.add_directory(tree_.locate("d"), {0700, 1, 2, {3, 4}}, {{"user.a", "1"}});
    file("d/inside");
    const NodeId node = tree_.add_directory(tree_.locate("d"), {0755, 5, 6, {7, 8}}, {{"user.b", "2"}});
    EXPECT_EQ(tree_.find("d"), node);
    EXPECT_EQ(tree_.metadata(node), (Metadata{0755, 5, 6, {7, 8}}));
    EXPECT_EQ(tree_.xattrs(node), (XattrSet{{"user.b", "2"}}));
    EXPECT_TRUE(tree_.find("d/inside"));
    tree_.add_directory({FileTree::root(), {}}, {0711, 0, 0, {}});
    EXPECT_EQ(tree_.metadata(FileTree::root()).mode, 0711);
}

TEST_F(Tree, DirectoriesAndOthersDoNotReplaceEachOther) {
    file("f");
    tree_.add_directory(tree_.locate("d"), plain);
    tree_.begin_layer();
    refused([&] { tree_.add_directory(tree_.locate("f"), plain); }, "replace");
    refused([&] { file("d", "x", replace); }, "replace");
    refused([&] { tree_.add_symlink(tree_.locate("d"), plain, "f", {}, replace); }, "replace");
    refused([&] { tree_.add_file({FileTree::root(), {}}, plain, {}, {}, replace); }, "existing directory");
}

TEST_F(Tree, ADirectoryOverALinkToOneKeepsTheLink) {
    tree_.add_directory(tree_.locate("usr/lib"), {0750, 0, 0, {}});
    tree_.add_symlink(tree_.locate("lib"), plain, "usr/lib");
    tree_.add_symlink(tree_.locate("bad"), plain, "missing");
    tree_.begin_layer();
    EXPECT_EQ(tree_.add_directory(tree_.locate("lib/"), {0711, 0, 0, {}}), *tree_.find("usr/lib"));
    EXPECT_EQ(tree_.type(*tree_.find("lib")), NodeType::symlink);
    refused([&] { tree_.add_directory(tree_.locate("bad"), plain); }, "leads to no directory");
}

TEST_F(Tree, ExtendedAttributesAreSortedAndReplaced) {
    const NodeId node = tree_.add_file(tree_.locate("f"), plain, {}, {{"user.z", "1"}, {"security.capability", "2"}});
    EXPECT_EQ(tree_.xattrs(node), (XattrSet{{"security.capability", "2"}, {"user.z", "1"}}));
    tree_.set_xattrs(node, {});
    EXPECT_TRUE(tree_.xattrs(node).empty());
    EXPECT_TRUE(tree_.xattrs(FileTree::root()).empty());
}

TEST_F(Tree, Removing) {
    file("d/f");
    refused([&] { tree_.remove(FileTree::root(), "d"); }, "not empty");
    tree_.remove(*tree_.find("d"), "f");
    EXPECT_EQ(tree_.child_count(*tree_.find("d")), 0U);
    tree_.remove(FileTree::root(), "d");
    EXPECT_FALSE(tree_.find("d"));
    EXPECT_NO_THROW(tree_.remove(FileTree::root(), "never was"));
    file("d", "a file now");
    EXPECT_EQ(text("d"), "a file now");
}

TEST_F(Tree, SymlinkTargets) {
    refused([&] { tree_.add_symlink(tree_.locate("s"), plain, ""); }, "no target");
    refused([&] { tree_.add_symlink(tree_.locate("s"), plain, std::string(4096, 't')); }, "too long");
    refused([&] { tree_.add_symlink(tree_.locate("s"), plain, std::string_view("a\0b", 3)); }, "NUL");
    for (std::size_t length = 1; length < 4096; length *= 3)
        tree_.add_symlink(tree_.locate(std::to_string(length)), plain, std::string(length, 't'));
    for (std::size_t length = 1; length < 4096; length *= 3)
        EXPECT_EQ(tree_.symlink_target(*tree_.find(std::to_string(length))).size(), length);
}

TEST_F(Tree, ManyNamesAcrossTextBlocksAndBuckets) {
    const std::string tail(240, 'n');
    for (int number = 0; number < 5000; ++number) file("d/" + std::to_string(number) + tail);
    EXPECT_EQ(tree_.child_count(*tree_.find("d")), 5000U);
    for (int number = 0; number < 5000; ++number) {
        const auto node = tree_.find("d/" + std::to_string(number) + tail);
        ASSERT_TRUE(node) << number;
        EXPECT_EQ(tree_.path_of(*node), "/d/" + std::to_string(number) + tail);
    }
    const std::vector<std::string> sorted = names("d");
    EXPECT_TRUE(std::is_sorted(sorted.begin(), sorted.end()));
}

TEST_F(Tree, MovesAndKeepsItsContents) {
    file("a/b", "content");
    FileTree moved(std::move(tree_));
    EXPECT_EQ(as_text(read_all(moved.content(*moved.find("a/b")))), "content");
}

}  // namespace
}  // namespace rpixen
