#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <rpixen/error.hpp>

#include "base/byte_record.hpp"
#include "tree/file_tree.hpp"

namespace rpixen {
namespace {

Content placed(const ContentSourcePtr& source, std::uint64_t position, std::uint64_t size) {
    Content content{source, position, size};
    content.placed = true;
    return content;
}

/// Two layers, with a file that the second replaces, a sparse one, links, a device and attributes.
FileTree make_tree(const ContentSourcePtr& source) {
    FileTree tree;
    tree.begin_layer();
    tree.add_directory(tree.locate("etc"), {0755, 1, 2, {3, 4}}, {{"user.note", "hello"}});
    const NodeId old = tree.add_file(tree.locate("etc/hostname"), {0644, 0, 0, {5, 0}}, placed(source, 4096, 5));
    tree.add_link(tree.locate("etc/name"), old);
    tree.add_symlink(tree.locate("bin"), {0777, 0, 0, {}}, "usr/bin");
    tree.add_device(tree.locate("dev/null"), {0666, 0, 0, {}}, NodeType::character_device, 1, 3);
    tree.add_sparse_file(tree.locate("var/sparse"), {0600, 0, 0, {}}, 100000, placed(source, 8192, 4096 + 7),
                         {{0, 4096}, {65536, 7}});
    tree.begin_layer();
    tree.add_file(tree.locate("etc/hostname"), {0600, 7, 8, {9, 10}}, placed(source, 20480, 6), {},
                  FileTree::Existing::replace);
    tree.add_file(tree.locate("etc/empty"), {0644, 0, 0, {}}, {});
    return tree;
}

Bytes bytes_of(const FileTree& tree, std::uint64_t base) {
    RecordWriter record;
    tree.keep(record, base);
    return record.written();
}

std::string told(const FileTree& tree, NodeId node, const std::string& path) {
    const Metadata metadata = tree.metadata(node);
    std::string text = path + " " + name_of(tree.type(node)) + " " + std::to_string(metadata.mode) + " " +
                       std::to_string(metadata.uid) + " " + std::to_string(metadata.mtime.nanoseconds) + " " +
                       std::to_string(tree.links(node)) + " " + std::to_string(tree.xattrs(node).size()) + "\n";
    if (tree.type(node) != NodeType::directory) return text;
    for (const EntryId entry : tree.children(node))
        text += told(tree, tree.entry_node(entry), path + "/" + std::string(tree.entry_name(entry)));
    return text;
}

TEST(KeptTree, IsTheTreeThatWasKept) {
    const auto source = memory_content("older", "older").source;
    const auto newer = memory_content("newer", "newer").source;
    const FileTree tree = make_tree(source);
    const Bytes bytes = bytes_of(tree, 4096);
    RecordReader record(bytes);
    FileTree kept = FileTree::kept(record, 1 << 20, newer);
    EXPECT_TRUE(record.at_end());
    EXPECT_EQ(told(kept, FileTree::root(), ""), told(tree, FileTree::root(), ""));
    EXPECT_EQ(bytes_of(kept, 1 << 20), bytes);
    EXPECT_EQ(kept.node_count(), tree.node_count());

    const NodeId sparse = kept.find("var/sparse").value();
    EXPECT_EQ(kept.content(sparse).source, newer);
    EXPECT_EQ(kept.content(sparse).position, (1 << 20) + 4096U);
    EXPECT_TRUE(kept.content(sparse).placed);
    EXPECT_THAT(kept.runs(sparse), testing::ElementsAre(DataRun{0, 4096}, DataRun{65536, 7}));
    EXPECT_EQ(kept.symlink_target(kept.find("bin").value()), "usr/bin");
    EXPECT_EQ(kept.device_minor(kept.find("dev/null").value()), 3U);
    EXPECT_EQ(kept.xattrs(kept.find("etc").value()), (XattrSet{{"user.note", "hello"}}));
}

TEST(KeptTree, GrowsAsTheOneThatWasKept) {
    const auto source = memory_content("older", "older").source;
    FileTree tree = make_tree(source);
    const Bytes bytes = bytes_of(tree, 0);
    RecordReader record(bytes);
    FileTree kept = FileTree::kept(record, 0, source);
    for (FileTree* one : {&tree, &kept}) {
        one->begin_layer();
        for (int number = 0; number < 200; ++number)
            one->add_file(one->locate("more/" + std::to_string(number)), {0644, 0, 0, {}}, placed(source, 4096, 1));
        one->add_file(one->locate("etc/hostname"), {}, placed(source, 4096, 1), {}, FileTree::Existing::replace);
        one->remove_tree(one->locate("var"));
    }
    EXPECT_EQ(told(kept, FileTree::root(), ""), told(tree, FileTree::root(), ""));
    EXPECT_EQ(bytes_of(kept, 0), bytes_of(tree, 0));
}

TEST(KeptTree, KnowsWhetherEverythingIsPlaced) {
    const auto source = memory_content("older", "older").source;
    FileTree tree = make_tree(source);
    EXPECT_TRUE(tree.all_placed());
    tree.add_file(tree.locate("elsewhere"), {}, Content{source, 0, 1});
    EXPECT_FALSE(tree.all_placed());
}

/// Whatever byte is another one: the record is refused, or makes a tree that can be walked.
TEST(KeptTree, IsSafeWhereTheRecordIsDamaged) {
    const auto source = memory_content("older", "older").source;
    const Bytes bytes = bytes_of(make_tree(source), 0);
    std::size_t refused = 0;
    for (std::size_t place = 0; place < bytes.size(); ++place) {
        for (const unsigned change : {0x01U, 0x80U, 0xffU}) {
            Bytes damaged = bytes;
            damaged[place] ^= static_cast<std::byte>(change);
            RecordReader record(damaged);
            try {
                const FileTree kept = FileTree::kept(record, 0, source);
                told(kept, FileTree::root(), "");
                for (NodeId node = 0; node < kept.node_count(); ++node) {
                    kept.path_of(node);
                    kept.content(node);
                    kept.runs(node);
                }
            } catch (const Error& error) {
                EXPECT_EQ(error.code(), ErrorCode::artifact);
                ++refused;
            }
        }
    }
    EXPECT_GT(refused, bytes.size() / 4);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        RecordReader record(ByteView(bytes).first(length));
        EXPECT_THROW(FileTree::kept(record, 0, source), Error);
    }
}

}  // namespace
}  // namespace rpixen
