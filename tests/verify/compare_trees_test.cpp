#include "verify/compare_trees.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fs/edge_trees.hpp"

namespace rpixen {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Metadata plain{0644, 0, 0, {1'600'000'000, 0}};

std::vector<Difference> compare(const FileTree& expected, const FileTree& found, bool fat = false) {
    return compare_trees("root", {.fat = fat}, expected, found).differences;
}

NodeId add(FileTree& tree, const std::string& path, const Metadata& metadata = plain, XattrSet xattrs = {}) {
    return tree.add_file(tree.locate(path), metadata, memory_content("x", path), std::move(xattrs));
}

TEST(CompareTrees, EqualOnes) {
    EXPECT_THAT(compare(test::edge_root_tree(10), test::edge_root_tree(10)), IsEmpty());
    EXPECT_THAT(compare(test::edge_boot_tree(), test::edge_boot_tree(), true), IsEmpty());
}

TEST(CompareTrees, EveryNodeOnce) {
    FileTree tree;
    const NodeId file = add(tree, "a");
    tree.add_link(tree.locate("b"), file);
    add(tree, "c/d");
    EXPECT_EQ(compare_trees("root", {}, tree, tree).files.size(), 2U);
}

TEST(CompareTrees, MissingAndUnexpectedFoldersWithAllThatIsInThem) {
    FileTree expected;
    FileTree found;
    add(expected, "a/b");
    add(found, "c/d");
    EXPECT_THAT(compare(expected, found), ElementsAre(Difference{"root", "/a", "missing", "directory", ""},
                                                      Difference{"root", "/a/b", "missing", "file", ""},
                                                      Difference{"root", "/c", "unexpected", "", "directory"},
                                                      Difference{"root", "/c/d", "unexpected", "", "file"}));
}

TEST(CompareTrees, TornHardLinks) {
    FileTree expected;
    const NodeId one = add(expected, "a");
    expected.add_link(expected.locate("b"), one);
    const NodeId two = add(expected, "c");
    expected.add_link(expected.locate("d"), two);
    FileTree found;
    const NodeId first = add(found, "a");
    found.add_link(found.locate("d"), first);
    const NodeId second = add(found, "b");
    found.add_link(found.locate("c"), second);
    EXPECT_THAT(compare(expected, found),
                ElementsAre(Difference{"root", "/b", "hard link", "a name of /a", "a file of its own"},
                            Difference{"root", "/d", "hard link", "a name of /c", "a file of its own"}));
}

TEST(CompareTrees, LostAndFoundMayBeThereButNothingInIt) {
    FileTree found;
    found.add_directory(found.locate("lost+found"), {0700, 0, 0, {}});
    EXPECT_THAT(compare(FileTree(), found), IsEmpty());
    add(found, "lost+found/#12");
    EXPECT_THAT(compare(FileTree(), found),
                ElementsAre(Difference{"root", "/lost+found/#12", "unexpected", "", "file"}));
}

TEST(CompareTrees, AFatKnowsNoOwnersAndEvenSecondsOnly) {
    FileTree expected;
    FileTree found;
    add(expected, "a", {0600, 1, 2, {1'600'000'001, 5}});
    add(found, "a", {0755, 0, 0, {1'600'000'000, 0}});
    EXPECT_THAT(compare(expected, found, true), IsEmpty());
    EXPECT_EQ(compare(expected, found).size(), 3U);
    found.set_metadata(*found.find("a"), {0755, 0, 0, {1'600'000'002, 0}});
    EXPECT_EQ(compare(expected, found, true).size(), 1U);
}

TEST(CompareTrees, TypesTargetsDevicesAndAttributes) {
    FileTree expected;
    FileTree found;
    add(expected, "a");
    found.add_symlink(found.locate("a"), plain, "b");
    expected.add_symlink(expected.locate("l"), plain, "one");
    found.add_symlink(found.locate("l"), plain, "two");
    expected.add_device(expected.locate("n"), plain, NodeType::block_device, 1, 2);
    found.add_device(found.locate("n"), plain, NodeType::block_device, 1, 3);
    add(expected, "x", plain, {{"user.a", "1"}, {"user.b", "2"}});
    add(found, "x", plain, {{"user.b", "3"}, {"user.c", std::string(1, '\0')}});
    EXPECT_THAT(compare(expected, found), ElementsAre(Difference{"root", "/a", "type", "file", "symlink"},
                                                      Difference{"root", "/l", "target", "\"one\"", "\"two\""},
                                                      Difference{"root", "/n", "device", "1:2", "1:3"},
                                                      Difference{"root", "/x", "attribute user.a", "\"1\"", "missing"},
                                                      Difference{"root", "/x", "attribute user.b", "\"2\"", "\"3\""},
                                                      Difference{"root", "/x", "attribute user.c", "none", "0x00"}));
}

}  // namespace
}  // namespace rpixen
