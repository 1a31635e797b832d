#include "fs/ext4/reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/size.hpp"
#include "fs/edge_trees.hpp"
#include "fs/ext4/oracles.hpp"
#include "storage/input_file.hpp"
#include "support/run.hpp"

namespace rpixen::test {
namespace {

using ::testing::HasSubstr;

constexpr Metadata plain{0644, 0, 0, {1'600'000'000, 0}};

FileTree read(const std::string& path, std::vector<Problem>& damages) {
    const auto file = InputFile::open_file(path);
    return read_ext4(file, {0, file->size()}, damages);
}

FileTree read_clean(const std::string& path) {
    std::vector<Problem> damages;
    FileTree tree = read(path, damages);
    for (const Problem& problem : damages) ADD_FAILURE() << problem.text();
    return tree;
}

void expect_same_node(const FileTree& one, NodeId a, const FileTree& other, NodeId b, const std::string& path) {
    EXPECT_EQ(one.type(a), other.type(b)) << path;
    EXPECT_EQ(one.metadata(a), other.metadata(b)) << path;
    EXPECT_EQ(one.xattrs(a), other.xattrs(b)) << path;
    EXPECT_EQ(one.links(a), other.links(b)) << path;
    if (one.type(a) != other.type(b)) return;
    switch (one.type(a)) {
        case NodeType::symlink:
            EXPECT_EQ(one.symlink_target(a), other.symlink_target(b)) << path;
            break;
        case NodeType::character_device:
        case NodeType::block_device:
            EXPECT_EQ(one.device_major(a), other.device_major(b)) << path;
            EXPECT_EQ(one.device_minor(a), other.device_minor(b)) << path;
            break;
        case NodeType::file:
            EXPECT_EQ(one.size(a), other.size(b)) << path;
            EXPECT_TRUE(one.runs(a) == other.runs(b)) << path;
            if (one.runs(a) == other.runs(b)) {
                EXPECT_TRUE(read_all(one.content(a)) == read_all(other.content(b))) << path;
            }
            break;
        default:
            break;
    }
}

void expect_same(const FileTree& one, NodeId a, const FileTree& other, NodeId b, const std::string& path) {
    expect_same_node(one, a, other, b, path);
    if (one.type(a) != NodeType::directory || other.type(b) != NodeType::directory) return;
    std::map<std::string, NodeId> left;
    std::map<std::string, NodeId> right;
    for (const EntryId entry : one.children(a)) left[std::string(one.entry_name(entry))] = one.entry_node(entry);
    for (const EntryId entry : other.children(b)) right[std::string(other.entry_name(entry))] = other.entry_node(entry);
    for (const auto& [name, node] : left) {
        ASSERT_TRUE(right.contains(name)) << path << "/" << name;
        expect_same(one, node, other, right[name], path + "/" + name);
        right.erase(name);
    }
    for (const auto& [name, node] : right) ADD_FAILURE() << path << "/" << name << " is new";
}

TEST(Ext4Reader, EdgeTreeComesBackAsItWas) {
    const TemporaryFolder folder;
    const FileTree tree = edge_root_tree(3000);
    const FileTree back = read_clean(make_ext4(folder, "image", tree));
    expect_same(tree, FileTree::root(), back, FileTree::root(), "");
}

TEST(Ext4Reader, ManyExtents) {
    const TemporaryFolder folder;
    FileTree tree;
    std::vector<DataRun> runs;
    for (std::uint64_t number = 0; number < 3000; ++number) runs.push_back({number * 2 * 4096, 4096});
    tree.add_sparse_file(tree.locate("holes"), plain, 3000 * 2 * 4096 + 5,
                         memory_content(noise(3000 * 4096, 5), "holes"), runs);
    tree.add_directory(tree.locate("lost+found"), {0700, 0, 0, {1, 1}});
    const FileTree back = read_clean(make_ext4(folder, "image", tree));
    expect_same(tree, FileTree::root(), back, FileTree::root(), "");
}

/// What other tools make: mke2fs -d, with and without extents, with data inside inodes, with 1 KiB blocks.
TEST(Ext4Reader, ImagesOfMke2fs) {
    const TemporaryFolder folder;
    const std::string text = noise(3 * MiB + 17, 1);
    folder.write("tree/large", text);
    folder.write("tree/small", "a few bytes");
    folder.write("tree/folder/other", noise(70'000, 2));
    std::filesystem::create_symlink(std::string(59, 'x'), folder / "tree/short");
    std::filesystem::create_symlink(std::string(200, 'y'), folder / "tree/long");
    std::filesystem::create_hard_link(folder / "tree/small", folder / "tree/folder/again");
    for (int number = 0; number < 500; ++number) folder.write("tree/many/file-" + std::to_string(number), "");
    for (const std::vector<std::string>& options :
         std::vector<std::vector<std::string>>{{"-t", "ext4", "-O", "^orphan_file,^metadata_csum_seed"},
                                               {"-t", "ext2"},
                                               {"-t", "ext3", "-b", "1024"},
                                               {"-t", "ext4", "-O", "inline_data,^orphan_file"},
                                               {"-t", "ext4", "-O", "^metadata_csum,^64bit", "-I", "128"}}) {
        std::vector<std::string> command{"mke2fs", "-q", "-F", "-d", folder / "tree"};
        command.insert(command.end(), options.begin(), options.end());
        command.insert(command.end(), {folder / "image", "32M"});
        std::filesystem::remove(folder / "image");
        run_ok(command);
        const FileTree tree = read_clean(folder / "image");
        for (const auto& name : {"large", "small", "folder/other", "folder/again"}) {
            const auto node = tree.find(name);
            ASSERT_TRUE(node) << name;
            EXPECT_TRUE(as_text(read_all(tree.content(*node))) == read_file(folder / ("tree/" + std::string(name))))
                << name;
        }
        EXPECT_EQ(*tree.find("small"), *tree.find("folder/again"));
        EXPECT_EQ(tree.links(*tree.find("small")), 2U);
        EXPECT_EQ(tree.symlink_target(*tree.find("short")), std::string(59, 'x'));
        EXPECT_EQ(tree.symlink_target(*tree.find("long")), std::string(200, 'y'));
        EXPECT_EQ(tree.child_count(*tree.find("many")), 500U);
    }
}

TEST(Ext4Reader, NoFileSystem) {
    const TemporaryFolder folder;
    std::vector<Problem> damages;
    const std::string nothing = folder.write("nothing", std::string(MiB, '\0'));
    EXPECT_THROW(read(nothing, damages), Error);
    const std::string tiny = folder.write("tiny", "x");
    EXPECT_THROW(read(tiny, damages), Error);
}

TEST(Ext4Reader, DamageIsNamedAndTheRestIsRead) {
    const TemporaryFolder folder;
    FileTree tree;
    tree.add_file(tree.locate("good/file"), plain, memory_content("good", "good"));
    tree.add_file(tree.locate("bad/file"), plain, memory_content("bad", "bad"));
    const std::string image = make_ext4(folder, "image", tree);
    const std::string before = read_file(image);
    const std::string block = debugfs(image, "blocks bad");
    std::string bytes = before;
    bytes[std::stoul(block) * 4096 + 30] ^= 0x20;
    std::vector<Problem> damages;
    FileTree back = read(folder.write("damaged", bytes), damages);
    ASSERT_EQ(damages.size(), 1U);
    EXPECT_EQ(damages[0].location.pointer, "/bad");
    EXPECT_THAT(damages[0].text(), HasSubstr("checksum"));
    EXPECT_EQ(as_text(read_all(back.content(*back.find("good/file")))), "good");

    // A superblock with a wrong checksum is named, and read all the same.
    bytes = before;
    bytes[1024 + 120] ^= 1;
    damages.clear();
    back = read(folder.write("damaged", bytes), damages);
    ASSERT_EQ(damages.size(), 1U);
    EXPECT_THAT(damages[0].text(), HasSubstr("superblock"));
    EXPECT_TRUE(back.find("good/file"));

    // An image that was cut.
    damages.clear();
    const std::string cut = folder.write("cut", before.substr(0, 300 * KiB));
    back = read(cut, damages);
    EXPECT_FALSE(damages.empty());
}

/// Its data would be every block of the card a thousand million times over.
TEST(Ext4Reader, ABlockMapThatNamesItselfIsADamage) {
    const TemporaryFolder folder;
    const std::string image = folder / "image";
    run_ok({"mke2fs", "-q", "-t", "ext2", "-b", "4096", "-O", "^metadata_csum", image, "16M"});
    run_ok({"debugfs", "-w", "-R", "write /etc/hostname file", image});
    const std::string number = "1001";  // free
    ASSERT_THAT(debugfs(image, "ffb 1 " + number), HasSubstr("found: " + number));
    for (const char* level : {"IND", "DIND", "TIND"})
        run_ok({"debugfs", "-w", "-R", "set_inode_field file block[" + std::string(level) + "] " + number, image});
    run_ok({"debugfs", "-w", "-R", "set_inode_field file size 4398046511104", image});
    std::string bytes = read_file(image);
    for (std::size_t entry = 0; entry < 1024; ++entry)
        store_le(reinterpret_cast<std::byte*>(bytes.data()) + std::stoul(number) * 4096 + entry * 4,
                 static_cast<std::uint32_t>(std::stoul(number)));
    std::vector<Problem> damages;
    const FileTree back = read(folder.write("damaged", bytes), damages);
    ASSERT_EQ(damages.size(), 1U);
    EXPECT_EQ(damages[0].location.pointer, "/file");
    EXPECT_FALSE(back.find("file"));
    EXPECT_TRUE(back.find("lost+found"));
}

TEST(Ext4Reader, DataBehindTheEndOfAnImageThatWasCutOffAreNotThere) {
    const TemporaryFolder folder;
    for (const char* name : {"one", "two", "three"}) folder.write(std::string("tree/") + name, noise(2 * MiB, 1));
    const std::string path = folder / "image";
    run_ok({"mke2fs", "-q", "-t", "ext4", "-b", "1024", "-d", folder / "tree", path, "16M"});
    std::filesystem::resize_file(path, 4 * MiB + 700);
    std::vector<Problem> damages;
    const FileTree tree = read(path, damages);
    ASSERT_EQ(damages.size(), 1U) << "told once";
    EXPECT_EQ(damages[0].message, "the data of files lie beyond the end of the partition");
    std::size_t whole = 0;
    for (const char* name : {"one", "two", "three"}) {
        const auto node = tree.find(name);
        ASSERT_TRUE(node);
        EXPECT_EQ(tree.size(*node), 2 * MiB);
        const Content content = tree.content(*node);
        if (content.size != 0) whole += read_all(content).size() == 2 * MiB;
    }
    EXPECT_LT(whole, 3U);
}

TEST(Ext4Reader, ManyLinksOfFewFiles) {
    const TemporaryFolder folder;
    FileTree tree;
    for (const std::string directory : {"one/", "two/"}) {
        const NodeId file = tree.add_file(tree.locate(directory + "file"), plain, memory_content("x", "x"));
        for (int link = 1; link < 60000; ++link) tree.add_link(tree.locate(directory + std::to_string(link)), file);
    }
    std::vector<Problem> damages;
    const FileTree back = read(make_ext4(folder, "image", tree), damages);
    EXPECT_TRUE(damages.empty());
    EXPECT_TRUE(back.find("two/59999"));
}

/// No byte of the metadata may lead to a crash, a hang or a read outside the image.
TEST(Ext4Reader, SurvivesDamageAnywhere) {
    const TemporaryFolder folder;
    FileTree tree;
    std::vector<DataRun> runs;
    for (std::uint64_t number = 0; number < 400; ++number) runs.push_back({number * 2 * 4096, 4096});
    tree.add_sparse_file(tree.locate("holes"), plain, 400 * 2 * 4096, memory_content(Bytes(400 * 4096), "holes"), runs);
    for (int number = 0; number < 300; ++number)
        tree.add_file(tree.locate("many/with-a-name-" + std::to_string(number)), plain, memory_content("x", "x"),
                      {{"user.a", std::string(static_cast<std::size_t>(number), 'v')}});
    tree.add_symlink(tree.locate("long"), plain, std::string(100, 'l'));
    const std::string image = make_ext4(folder, "image", tree);
    // The same without checksums, so that the damage is not noticed at once.
    run_ok({"tune2fs", "-O", "^metadata_csum", image});
    const std::string good = read_file(image);
    std::uint32_t state = 12345;
    const auto random = [&](std::uint32_t below) {
        state = state * 1664525U + 1013904223U;
        return static_cast<std::uint32_t>((std::uint64_t{state >> 8} * below) >> 24);
    };
    // Where something stands: everything but zeros.
    std::vector<std::size_t> places;
    for (std::size_t at = 0; at < good.size(); ++at)
        if (good[at] != 0) places.push_back(at);
    for (int round = 0; round < 150; ++round) {
        std::string bytes = good;
        for (int flip = 0; flip < 40; ++flip)
            bytes[places[random(static_cast<std::uint32_t>(places.size()))]] = static_cast<char>(random(256));
        const auto source = memory_content(bytes, "damaged");
        std::vector<Problem> damages;
        try {
            const FileTree back = read_ext4(source.source, {0, bytes.size()}, damages);
            for (NodeId node = 0; node < back.node_count(); ++node)
                if (back.type(node) == NodeType::file && back.content(node).size < 4 * MiB)
                    static_cast<void>(read_all(back.content(node)));
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::artifact) << error.what();
        }
    }
}

}  // namespace
}  // namespace rpixen::test
