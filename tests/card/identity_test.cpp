#include "card/identity.hpp"
#include "tree/newest_time.hpp"

#include <gtest/gtest.h>

namespace rpixen {
namespace {

constexpr Metadata plain{0644, 0, 0, {1000, 0}};

FileTree tree_with(const std::vector<std::string>& names) {
    FileTree tree;
    for (const auto& name : names) tree.add_file(tree.locate(name), plain, memory_content("x", name));
    return tree;
}

TEST(Identity, DoesNotDependOnTheOrderOfInsertion) {
    EXPECT_EQ(digest_of(tree_with({"a", "b", "d/c"})), digest_of(tree_with({"d/c", "b", "a"})));
}

TEST(Identity, EveryPropertyOfAFileChangesTheDigest) {
    const auto digest = [](auto change) {
        FileTree tree;
        const NodeId node = tree.add_file(tree.locate("f"), plain, memory_content("x", "f"));
        change(tree, node);
        return digest_of(tree);
    };
    const auto base = digest([](FileTree&, NodeId) {});
    EXPECT_EQ(base, digest([](FileTree&, NodeId) {}));
    EXPECT_NE(base, digest([](FileTree& t, NodeId n) { t.set_metadata(n, {0600, 0, 0, {1000, 0}}); }));
    EXPECT_NE(base, digest([](FileTree& t, NodeId n) { t.set_metadata(n, {0644, 1, 0, {1000, 0}}); }));
    EXPECT_NE(base, digest([](FileTree& t, NodeId n) { t.set_metadata(n, {0644, 0, 1, {1000, 0}}); }));
    EXPECT_NE(base, digest([](FileTree& t, NodeId n) { t.set_metadata(n, {0644, 0, 0, {1001, 0}}); }));
    EXPECT_NE(base, digest([](FileTree& t, NodeId n) { t.set_metadata(n, {0644, 0, 0, {1000, 1}}); }));
    EXPECT_NE(base, digest([](FileTree& t, NodeId n) { t.set_xattrs(n, {{"user.a", "1"}}); }));
    EXPECT_NE(base, digest([](FileTree& t, NodeId n) { t.add_link(t.locate("g"), n); }));
    EXPECT_NE(base, digest([](FileTree& t, NodeId) { t.add_symlink(t.locate("g"), plain, "f"); }));
}

TEST(Identity, ALinkIsToldFromACopy) {
    FileTree linked;
    const NodeId node = linked.add_file(linked.locate("a"), plain, memory_content("x", "a"));
    linked.add_link(linked.locate("b"), node);
    EXPECT_NE(digest_of(linked), digest_of(tree_with({"a", "b"})));
}

TEST(Identity, DerivesFromTheSeedAlone) {
    const Identity one = derive_identity(sha256(as_bytes("one")));
    const Identity again = derive_identity(sha256(as_bytes("one")));
    const Identity two = derive_identity(sha256(as_bytes("two")));
    EXPECT_EQ(one.disk_signature, again.disk_signature);
    EXPECT_EQ(one.root_uuid, again.root_uuid);
    EXPECT_NE(one.disk_signature, two.disk_signature);
    EXPECT_NE(one.volume_id, two.volume_id);
    EXPECT_NE(one.root_uuid, two.root_uuid);
    EXPECT_NE(one.root_uuid, one.hash_seed);
    EXPECT_NE(one.disk_signature, 0U);
}

TEST(Identity, NewestTimeSeesOnlyWhatIsInTheTree) {
    FileTree tree;
    tree.add_file(tree.locate("old"), {0644, 0, 0, {2000, 5}}, {});
    tree.add_file(tree.locate("gone"), {0644, 0, 0, {9000, 0}}, {});
    tree.remove(FileTree::root(), "gone");
    EXPECT_EQ(newest_time(tree, 0), 2000);
    EXPECT_EQ(newest_time(tree, 3000), 3000);
}

}  // namespace
}  // namespace rpixen
