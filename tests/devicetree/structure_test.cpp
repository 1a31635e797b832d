#include "devicetree/structure.hpp"

#include <gmock/gmock.h>

#include "devicetree/dtc.hpp"

namespace rpixen {
namespace {

using test::dtc;
using ::testing::AllOf;
using ::testing::HasSubstr;

/// A tree put together tag by tag, with whatever mistake a test wants.
struct Draft {
    std::vector<std::uint32_t> tags;
    std::string strings;
    std::uint32_t version = 17;
    std::uint32_t oldest = 16;
    std::vector<std::uint64_t> reservations{0, 0};

    Draft& tag(std::uint32_t value) {
        tags.push_back(value);
        return *this;
    }
    Draft& text(const std::string& text) {
        for (std::size_t place = 0; place <= text.size(); place += 4) {
            std::uint32_t word = 0;
            for (std::size_t index = place; index < place + 4; ++index)
                word = word << 8 | (index < text.size() ? static_cast<unsigned char>(text[index]) : 0U);
            tags.push_back(word);
        }
        return *this;
    }
    Draft& begin(const std::string& name) { return tag(1).text(name); }
    Draft& end() { return tag(2); }
    Draft& property(const std::string& name) {
        tag(3).tag(0).tag(static_cast<std::uint32_t>(strings.size()));
        strings += name + '\0';
        return *this;
    }

    Bytes bytes() const {
        Bytes all(40);
        const auto put = [&](std::size_t field, std::size_t value) {
            store_be(&all[field], static_cast<std::uint32_t>(value));
        };
        put(16, all.size());
        for (const std::uint64_t number : reservations) {
            all.resize(all.size() + 8);
            store_be(&all[all.size() - 8], number);
        }
        put(8, all.size());
        put(36, 4 * tags.size());
        for (const std::uint32_t word : tags) {
            all.resize(all.size() + 4);
            store_be(&all[all.size() - 4], word);
        }
        put(12, all.size());
        put(32, strings.size());
        const Bytes letters = to_bytes(strings);
        all.insert(all.end(), letters.begin(), letters.end());
        put(0, 0xd00dfeed);
        put(4, all.size());
        put(20, version);
        put(24, oldest);
        return all;
    }
};

Draft root() {
    return Draft().begin("");
}

/// What is said of a tree; empty where it is sound.
std::string said_of(ByteView bytes, const Budget& budget = tree_budget) {
    try {
        tree_structure(bytes, "bad.dtb", budget);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::artifact);
        EXPECT_THROW(DeviceTree::parse(bytes, "bad.dtb"), Error);
        return error.what();
    }
    return {};
}

std::string said_of(const Draft& draft) {
    return said_of(draft.bytes());
}

TEST(TreeStructure, GivesTheNodesInOrder) {
    const Bytes tree = root().property("a").begin("b").begin("c@1").end().end().begin("d").end().end().tag(9).bytes();
    const std::vector<TreeNode> nodes = tree_structure(tree, "t");
    ASSERT_EQ(nodes.size(), 4U);
    std::vector<std::string> names;
    std::vector<std::uint32_t> depths;
    std::vector<std::uint32_t> ends;
    for (const TreeNode& node : nodes) {
        names.emplace_back(as_text(ByteView(tree).subspan(node.name, node.name_size)));
        depths.push_back(node.depth);
        ends.push_back(node.end);
    }
    EXPECT_THAT(names, ::testing::ElementsAre("", "b", "c@1", "d"));
    EXPECT_THAT(depths, ::testing::ElementsAre(0, 1, 2, 1));
    EXPECT_THAT(ends, ::testing::ElementsAre(4, 3, 3, 4));
}

TEST(TreeStructure, TakesWhatDtcMakes) {
    EXPECT_EQ(said_of(dtc(test::old_board, true)), "");
    for (const char* version : {"16", "17"})
        EXPECT_EQ(said_of(to_bytes(test::run_ok({"dtc", "-q", "-V", version}, test::old_board))), "") << version;
}

TEST(TreeStructure, WantsVersion16Or17) {
    EXPECT_THAT(said_of(to_bytes(test::run_ok({"dtc", "-q", "-V", "3"}, test::old_board))), HasSubstr("version 3"));
    Draft draft = root().end().tag(9);
    draft.version = 18;
    EXPECT_EQ(said_of(draft), "");
    draft.oldest = 18;
    EXPECT_THAT(said_of(draft), HasSubstr("compatible from 18 on, at offset 0x14; allowed: versions 16 and 17"));
}

TEST(TreeStructure, WantsBlocksInPlace) {
    const auto with = [](std::size_t field, std::uint32_t value) {
        Bytes tree = root().property("a").end().tag(9).bytes();
        store_be(&tree[field], value);
        return said_of(tree);
    };
    EXPECT_THAT(with(8, 0x39), HasSubstr("a structure block at 0x39 at offset 0x8; allowed: a multiple of 4"));
    EXPECT_THAT(with(8, 0x20),
                HasSubstr("a structure block from 0x20, 28 bytes at offset 0x8; allowed: within 0x28 to"));
    EXPECT_THAT(with(36, 0xfffffff0), HasSubstr("a structure block from 0x38, 4294967280 bytes"));
    EXPECT_THAT(with(12, 0xfffffff0), HasSubstr("a strings block from 0xfffffff0"));
    EXPECT_THAT(with(32, 3), HasSubstr("a strings block from 0x54, 3 bytes at offset 0xc"));
    EXPECT_THAT(with(16, 0x2c), HasSubstr("memory reservations at 0x2c at offset 0x10; allowed: a multiple of 8"));
    Bytes overlapping = root().property("a").begin("a").end().end().tag(9).bytes();
    store_be(&overlapping[12], std::uint32_t{0x50});  // the strings at the name of the node
    EXPECT_THAT(said_of(overlapping), HasSubstr("blocks that overlap at offset 0x8; allowed: blocks side by side"));
}

TEST(TreeStructure, WantsAnEndOfTheReservations) {
    Draft draft = root().end().tag(9);
    draft.reservations = {0x1000, 0x1000};
    EXPECT_THAT(said_of(draft),
                HasSubstr("memory reservations without an end at offset 0x48; allowed: an entry of zeros"));
}

TEST(TreeStructure, WantsTagsInOrder) {
    EXPECT_THAT(said_of(Draft().tag(9)), HasSubstr("a tree without nodes at offset 0x38"));
    EXPECT_THAT(said_of(Draft().tag(2).tag(9)), HasSubstr("the end of a node that never began at offset 0x38"));
    EXPECT_THAT(said_of(root().end().begin("").end().tag(9)), HasSubstr("a second root node"));
    EXPECT_THAT(said_of(root().tag(9)), HasSubstr("the end of the tree within 1 open nodes at offset 0x40"));
    EXPECT_THAT(said_of(root().end()), HasSubstr("the end of the structure block instead of a tag at offset 0x44"));
    EXPECT_THAT(said_of(root().tag(7).end().tag(9)), HasSubstr("tag 0x7 at offset 0x40; allowed: 1, 2, 3, 4 or 9"));
    EXPECT_THAT(said_of(root().end().property("a").tag(9)),
                HasSubstr("a property outside of all nodes at offset 0x44"));
    EXPECT_THAT(
        said_of(root().begin("a").end().property("b").end().tag(9)),
        HasSubstr("a property behind a child node at offset 0x4c; allowed: a node's properties before its nodes"));
    EXPECT_EQ(said_of(root().tag(4).end().tag(4).tag(9)), "");
}

TEST(TreeStructure, WantsNamesThatLeadToOneNode) {
    EXPECT_THAT(said_of(root().begin("").end().end().tag(9)), HasSubstr("a node without a name at offset 0x44"));
    EXPECT_THAT(said_of(root().begin("a/b").end().end().tag(9)), HasSubstr("the node name 'a/b' at offset 0x44"));
    EXPECT_THAT(said_of(root().begin("a b").end().end().tag(9)), HasSubstr("the node name 'a b'"));
    EXPECT_THAT(said_of(root().begin("a").end().begin("a").end().end().tag(9)),
                HasSubstr("the end of a node with two node names 'a' at offset 0x58"));
    EXPECT_THAT(said_of(root().property("").end().tag(9)), HasSubstr("a property without a name at offset 0x54"));
    EXPECT_THAT(said_of(root().property("b\x01").end().tag(9)), HasSubstr("the property name 'b"));
    EXPECT_THAT(said_of(root().property("a").property("b").property("a").end().tag(9)),
                HasSubstr("two property names 'a'"));
    EXPECT_THAT(said_of(root().begin(std::string(256, 'a')).end().end().tag(9)),
                HasSubstr("a node's name without an end at offset 0x44; allowed: at most 255 bytes and a NUL"));
    Draft open = root().property("abc").end().tag(9);
    open.strings.pop_back();
    EXPECT_THAT(said_of(open), HasSubstr("a property's name without an end at offset 0x54"));
    Draft outside = root().tag(3).tag(0).tag(77).end().tag(9);
    EXPECT_THAT(said_of(outside),
                HasSubstr("a property's name at 0x4d of the strings at offset 0x48; allowed: below their 0"));
}

TEST(TreeStructure, WantsPropertiesWithinTheBlock) {
    Draft draft = root();
    draft.strings = std::string("a\0", 2);
    draft.tag(3).tag(0x7fffffff).tag(0).end().tag(9);
    EXPECT_THAT(said_of(draft),
                HasSubstr("a property of 2147483647 bytes at offset 0x44; allowed: at most the 8 that are left"));
}

TEST(TreeStructure, KeepsToItsBudget) {
    const Bytes tree = root().property("a").begin("b").begin("c").end().end().end().tag(9).bytes();
    Budget budget = tree_budget;
    budget.steps = 4;  // three nodes and a property
    budget.depth = 2;
    budget.bytes = 6;  // "/b" and "/b/c"
    EXPECT_EQ(said_of(tree, budget), "");
    const auto refusal = [&](auto Budget::*limit) {
        Budget less = budget;
        --(less.*limit);
        try {
            tree_structure(tree, "t", less);
        } catch (const Error& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    EXPECT_THAT(refusal(&Budget::steps), AllOf(HasSubstr("more than 3 steps"), HasSubstr("docs/limits.md")));
    EXPECT_THAT(refusal(&Budget::bytes), HasSubstr("more than 5 bytes in memory"));
    EXPECT_THAT(refusal(&Budget::depth), HasSubstr("more than 1 levels at offset 0x54"));
}

/// "/a/b" is found by its own name, not by that of the sibling "b@1" before it, so that a walk over all nodes goes
/// to each of them once.
TEST(TreeStructure, ANodeIsFoundByItsOwnName) {
    const DeviceTree tree = test::tree_of("/dts-v1/; / { a { b@1 { c {}; }; b { }; }; };");
    EXPECT_THAT(tree.children("/a/b"), ::testing::IsEmpty());
    EXPECT_THAT(tree.children("/a/b@1"), ::testing::ElementsAre("c"));
    EXPECT_TRUE(test::tree_of("/dts-v1/; / { a { b@1 { c {}; }; }; };").has("/a/b/c"));
}

TEST(TreeStructure, AChangeLeavesASoundTree) {
    DeviceTree tree = test::tree_of("/dts-v1/; / { a { }; };");
    EXPECT_THROW(tree.add_node("/", "b c"), Error);
}

}  // namespace
}  // namespace rpixen
