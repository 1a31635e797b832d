#include "fs/ext4/writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <map>

#include <rpixen/error.hpp>

#include "base/size.hpp"
#include "fs/edge_trees.hpp"
#include "fs/ext4/oracles.hpp"
#include "storage/output_file.hpp"
#include "support/run.hpp"

namespace rpixen::test {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr Metadata plain{0644, 0, 0, {1'600'000'000, 0}};
constexpr Metadata folder_mode{0755, 0, 0, {1'600'000'000, 0}};

void add(FileTree& tree, const std::string& path, std::string_view text) {
    tree.add_file(tree.locate(path), plain, memory_content(text, path));
}

TEST(Ext4Writer, EmptyTree) {
    const TemporaryFolder folder;
    const std::string image = make_ext4(folder, "image", FileTree());
    expect_clean(image);
    EXPECT_THAT(debugfs(image, "ls -p /"), HasSubstr("/11/040700/0/0/lost+found/"));
    EXPECT_EQ(std::filesystem::file_size(image) % MiB, 0U);
}

TEST(Ext4Writer, EdgeTreeIsReadBackByDebugfs) {
    const TemporaryFolder folder;
    const FileTree tree = edge_root_tree(300);
    const std::string image = make_ext4(folder, "image", tree);
    expect_clean(image);
    expect_equal(image, tree);
}

TEST(Ext4Writer, HasTheFeaturesOfDebiansMke2fs) {
    const TemporaryFolder folder;
    FileTree tree;
    add(tree, "a", "b");
    const std::string image = make_ext4(folder, "image", tree);
    const std::string facts = run_ok({"dumpe2fs", "-h", image});
    EXPECT_THAT(facts,
                HasSubstr("Filesystem features:      has_journal ext_attr resize_inode dir_index filetype extent "
                          "64bit flex_bg sparse_super large_file huge_file dir_nlink extra_isize metadata_csum\n"));
    EXPECT_THAT(facts, HasSubstr("Filesystem UUID:          01020304-0506-0708-090a-0b0c0d0e0f10"));
    EXPECT_THAT(facts, HasSubstr("Directory Hash Seed:      c8c7c6c5-c4c3-c2c1-c0bf-bebdbcbbbab9"));
    EXPECT_THAT(facts, HasSubstr("Filesystem volume name:   root\n"));
    EXPECT_THAT(facts, HasSubstr("Filesystem state:         clean"));
    EXPECT_THAT(facts, HasSubstr("unsigned_directory_hash"));
    EXPECT_THAT(facts, ContainsRegex("Inode size:[ \t]+256\n"));
    EXPECT_THAT(facts, HasSubstr("Reserved block count:     0\n"));

    // The same as a file system that mke2fs makes with nothing of this host's configuration.
    run_ok({"mke2fs", "-q", "-F", "-t", "ext4", "-O",
            "none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,sparse_super,"
            "large_file,"
            "huge_file,dir_nlink,extra_isize,metadata_csum",
            "-b", "4096", "-I", "256", folder / "reference", "64M"});
    const std::string reference = run_ok({"dumpe2fs", "-h", folder / "reference"});
    for (const std::string line :
         {"Filesystem features:", "Default mount options:", "Group descriptor size:", "Blocks per group:",
          "Flex block group size:", "Required extra isize:", "Desired extra isize:", "Journal inode:",
          "Default directory hash:", "Journal backup:", "Checksum type:", "Journal features:", "Errors behavior:",
          "Maximum mount count:", "Check interval:", "First inode:"}) {
        const std::size_t at = reference.find(line);
        ASSERT_NE(at, std::string::npos) << line;
        EXPECT_THAT(facts, HasSubstr(reference.substr(at, reference.find('\n', at) - at)));
    }
}

TEST(Ext4Writer, NothingOfTheHostLeaksIn) {
    const TemporaryFolder folder;
    const FileTree tree = edge_root_tree(200);
    const std::string first = make_ext4(folder, "first", tree);
    const std::map<std::string, std::string> hostile{{"E2FSPROGS_FAKE_TIME", "1"},
                                                     {"SOURCE_DATE_EPOCH", "2"},
                                                     {"MKE2FS_CONFIG", "/nowhere"},
                                                     {"TZ", "Asia/Tokyo"},
                                                     {"MKE2FS_SYNC", "1"}};
    for (const auto& [name, value] : hostile) ::setenv(name.c_str(), value.c_str(), 1);
    const mode_t mask = ::umask(0777);
    const std::string second = make_ext4(folder, "second", tree);
    ::umask(mask);
    for (const auto& [name, value] : hostile) ::unsetenv(name.c_str());
    EXPECT_TRUE(read_file(first) == read_file(second));
}

TEST(Ext4Writer, TimeZeroIsNotTheClock) {
    const TemporaryFolder folder;
    Ext4Wish wish = sample_wish();
    wish.time = {};
    const std::string image = make_ext4(folder, "image", FileTree(), wish);
    expect_clean(image);
    EXPECT_THAT(run_ok({"dumpe2fs", "-h", image}), HasSubstr(" 1970\nLast mount time"));
}

TEST(Ext4Writer, LargeDirectoryHasAnIndexThatTheToolsFollow) {
    const TemporaryFolder folder;
    FileTree tree;
    for (int number = 0; number < 20000; ++number)
        tree.add_special(tree.locate("large/name-of-entry-" + std::to_string(number)), plain, NodeType::fifo);
    for (int number = 0; number < 300; ++number)  // one block, then a root and two leaves
        tree.add_special(tree.locate("medium/name-" + std::to_string(number)), plain, NodeType::fifo);
    tree.set_metadata(*tree.find("large"), folder_mode);
    const std::string image = make_ext4(folder, "image", tree);
    expect_clean(image);
    EXPECT_THAT(debugfs(image, "stat large"), HasSubstr("Flags: 0x81000"));
    const std::string index = debugfs(image, "htree large");
    EXPECT_THAT(index, HasSubstr("Hash Version: 1"));
    EXPECT_THAT(index, HasSubstr("Indirect levels: 0"));
    EXPECT_THAT(index, Not(HasSubstr("invalid")));
    // debugfs computes each name's hash itself: it stands in the order of the index.
    EXPECT_THAT(debugfs(image, "stat large/name-of-entry-19999"), HasSubstr("Type: FIFO"));
}

TEST(Ext4Writer, TwoLevelIndex) {
    const TemporaryFolder folder;
    FileTree tree;
    const NodeId target = tree.add_special(tree.locate("target"), plain, NodeType::fifo);
    // 15 names of 255 bytes fill a block, 507 blocks a root: 8,000 names need a second level. Hard links
    // spare inodes.
    for (int number = 0; number < 8000; ++number) {
        std::string name = std::to_string(number);
        name.append(255 - name.size(), 'x');
        tree.add_link({*tree.find("/"), name}, target);
    }
    const std::string image = make_ext4(folder, "image", tree);
    expect_clean(image);
    EXPECT_THAT(debugfs(image, "htree /"), HasSubstr("Indirect levels: 1"));
}

TEST(Ext4Writer, MoreSubdirectoriesThanLinksCanCount) {
    const TemporaryFolder folder;
    FileTree tree;
    for (int number = 0; number < 64998; ++number)
        tree.add_directory({FileTree::root(), std::to_string(number)}, folder_mode);
    expect_clean(make_ext4(folder, "image", tree));
    tree.add_directory({FileTree::root(), "one-more"}, folder_mode);
    const std::string image = make_ext4(folder, "image", tree);
    expect_clean(image);
    EXPECT_THAT(debugfs(image, "stat /"), HasSubstr("Links: 1 "));
}

TEST(Ext4Writer, FileOfOneExtentStaysWholeAtABackupSuperblock) {
    const TemporaryFolder folder;
    FileTree tree;
    // Some 100 MiB, then 64 MiB that would straddle block 32768, then a small one that fits the gap.
    tree.add_sparse_file(tree.locate("first"), plain, 100 * MiB, memory_content(Bytes(100 * MiB), "first"),
                         {{0, 100 * MiB}});
    tree.add_sparse_file(tree.locate("second"), plain, 64 * MiB, memory_content(Bytes(64 * MiB), "second"),
                         {{0, 64 * MiB}});
    add(tree, "third", noise(10000, 1));
    const std::string image = make_ext4(folder, "image", tree);
    expect_clean(image);
    EXPECT_THAT(debugfs(image, "stat second"), HasSubstr("EXTENTS:\n(0-16383):32833-49216\n"));
    EXPECT_THAT(debugfs(image, "stat third"), HasSubstr("EXTENTS:\n(0-2):25665-25667\n"));
}

TEST(Ext4Writer, FileOfManyExtents) {
    const TemporaryFolder folder;
    FileTree tree;
    std::vector<DataRun> runs;
    for (std::uint64_t number = 0; number < 2000; ++number) runs.push_back({number * 3 * 4096 + 4096, 4096});
    tree.add_sparse_file(tree.locate("holes"), plain, 2000 * 3 * 4096 + 5,
                         memory_content(noise(2000 * 4096, 5), "holes"), runs);
    // Runs that begin and end inside blocks, two of them in one block.
    tree.add_sparse_file(tree.locate("odd"), plain, 100'000, memory_content(noise(700, 6), "odd"),
                         {{100, 300}, {1000, 100}, {4090, 12}, {50'000, 288}});
    const std::string image = make_ext4(folder, "image", tree);
    expect_clean(image);
    expect_equal(image, tree);
    EXPECT_THAT(debugfs(image, "dump_extents holes"), HasSubstr(" 2/ 2"));
}

TEST(Ext4Writer, TwoLevelExtentTreeOfASparseFileBeyond4GiB) {
    const TemporaryFolder folder;
    FileTree tree;
    std::vector<DataRun> runs;
    for (std::uint64_t number = 0; number < 5; ++number) runs.push_back({number * 3 * GiB + 4096 * number, 4096});
    tree.add_sparse_file(tree.locate("far"), plain, 20 * GiB, memory_content(noise(5 * 4096, 5), "far"), runs);
    const std::string image = make_ext4(folder, "image", tree);
    expect_clean(image);
    EXPECT_THAT(debugfs(image, "stat far"), HasSubstr("Size: " + std::to_string(20 * GiB)));
    EXPECT_THAT(debugfs(image, "stat far"), HasSubstr("(3145732):"));
}

TEST(Ext4Writer, ExtendedAttributesAreReadBackByDebugfs) {
    const TemporaryFolder folder;
    const FileTree tree = edge_root_tree(10);
    const std::string image = make_ext4(folder, "image", tree);
    EXPECT_THAT(debugfs(image, "ea_list attributes/user"), HasSubstr("user.text (5) = \"words\""));
    EXPECT_THAT(debugfs(image, "ea_list attributes/user"), HasSubstr("user.empty (0)"));
    EXPECT_THAT(debugfs(image, "ea_list attributes/large"), HasSubstr("user.large (3000)"));
    EXPECT_THAT(debugfs(image, "ea_list attributes/trusted"), HasSubstr("trusted.overlay.opaque (1)"));
    EXPECT_THAT(debugfs(image, "ea_list attributes/capability"),
                HasSubstr("security.capability (20) = 01 00 00 02 00 20 00 00"));
    // On the disk: 4 bytes, four entries of 4 and two of 8 bytes.
    EXPECT_THAT(debugfs(image, "ea_list attributes/acl"), HasSubstr("system.posix_acl_access (36)"));
    EXPECT_THAT(debugfs(image, "ea_list attributes/defaults"), HasSubstr("system.posix_acl_default"));
    // libext2fs converts them to Linux' form, but with 0 where the kernel has -1 for "no id".
    std::string acl = tree.xattrs(*tree.find("attributes/acl")).front().second;
    for (std::size_t at = 0; (at = acl.find("\xff\xff\xff\xff", at)) != std::string::npos;)
        acl.replace(at, 4, std::string(4, '\0'));
    debugfs(image, "ea_get -f " + (folder / "acl") + " attributes/acl system.posix_acl_access");
    EXPECT_EQ(read_file(folder / "acl"), acl);
}

TEST(Ext4Writer, RefusesWhatExt4CannotHold) {
    FileTree tree;
    tree.add_file(tree.locate("a"), plain, {}, {{"user.large", std::string(5000, 'x')}});
    tree.add_file(tree.locate("b"), plain, {}, {{"foreign.name", "x"}});
    tree.add_device(tree.locate("c"), plain, NodeType::character_device, 5000, 0);
    tree.add_file(tree.locate("d"), plain, {}, {{"system.posix_acl_access", "rubbish"}});
    try {
        size_ext4(tree, sample_wish());
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::unfit);
        ASSERT_EQ(error.problems().size(), 4U);
        EXPECT_EQ(error.problems()[0].location.pointer, "/a");
        EXPECT_THAT(error.problems()[1].text(), HasSubstr("foreign.name"));
        EXPECT_THAT(error.problems()[2].text(), HasSubstr("5000:0"));
        EXPECT_EQ(error.problems()[3].location.pointer, "/d");
    }
}

TEST(Ext4Writer, GrowsOnlineLikeAnyOther) {
    const TemporaryFolder folder;
    const FileTree tree = edge_root_tree(100);
    const std::string image = make_ext4(folder, "image", tree);
    std::filesystem::resize_file(image, 3 * GiB);
    run_ok({"resize2fs", image});
    expect_clean(image);
    expect_equal(image, tree);
}

TEST(Ext4Writer, WritesInsideItsPartitionOnly) {
    const TemporaryFolder folder;
    const FileTree tree = edge_root_tree(50);
    Ext4Wish wish = sample_wish();
    wish.partition_offset = 5 * MiB;
    const Ext4Parameters parameters = size_ext4(tree, wish);
    OutputFile output(folder / "image");
    const std::uint64_t size = parameters.block_count * 4096;
    const std::string guard = noise(MiB, 9);
    output.write(4 * MiB, as_bytes(guard));
    output.write(5 * MiB + size, as_bytes(guard));
    PartitionOutput partition(output, {5 * MiB, 5 * MiB + size});
    std::uint64_t done = 0;
    const auto mapped = write_ext4(tree, parameters, partition, {}, done);
    output.commit(false);
    expect_clean(folder / "image?offset=5242880");
    const std::string image = read_file(folder / "image");
    EXPECT_TRUE(image.substr(4 * MiB, MiB) == guard);
    EXPECT_TRUE(image.substr(5 * MiB + size) == guard);

    // What is not mapped does not matter: with other bytes in it the file system is the same.
    std::string rotten = image;
    std::uint64_t at = 5 * MiB;
    for (const Range& range : mapped) {
        std::fill(rotten.begin() + static_cast<std::ptrdiff_t>(at),
                  rotten.begin() + static_cast<std::ptrdiff_t>(5 * MiB + range.begin), '\xff');
        at = 5 * MiB + range.end;
    }
    std::fill(rotten.begin() + static_cast<std::ptrdiff_t>(at),
              rotten.begin() + static_cast<std::ptrdiff_t>(5 * MiB + size), '\xff');
    folder.write("rotten", rotten);
    expect_clean(folder / "rotten?offset=5242880");
}

/// A full disk, as a limit on the length of files: writing behind it fails with EFBIG.
TEST(Ext4Writer, FailureOfTheOutputIsAnErrorAndNoImage) {
    const TemporaryFolder folder;
    FileTree tree;
    add(tree, "data", noise(3 * MiB, 1));
    const Ext4Parameters parameters = size_ext4(tree, sample_wish());
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit old{};
    ::getrlimit(RLIMIT_FSIZE, &old);
    for (const std::uint64_t limit :
         {std::uint64_t{1} * MiB, std::uint64_t{3} * MiB + 400 * KiB, std::uint64_t{4} * MiB}) {
        OutputFile output(folder / "image");
        PartitionOutput partition(output, {0, parameters.block_count * 4096});
        std::uint64_t done = 0;
        rlimit small{limit, old.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &small);
        ErrorCode code = ErrorCode::internal;
        try {
            write_ext4(tree, parameters, partition, {}, done);
        } catch (const Error& error) {
            code = error.code();
        }
        ::setrlimit(RLIMIT_FSIZE, &old);
        EXPECT_EQ(code, ErrorCode::io) << limit;
    }
    EXPECT_FALSE(std::filesystem::exists(folder / "image"));
}

TEST(Ext4Writer, StopsWhenAsked) {
    const TemporaryFolder folder;
    FileTree tree;
    add(tree, "data", noise(MiB, 1));
    CancelToken token;
    token.cancel();
    OutputFile output(folder / "image");
    const Ext4Parameters parameters = size_ext4(tree, sample_wish());
    PartitionOutput partition(output, {0, parameters.block_count * 4096});
    std::uint64_t done = 0;
    Supervision supervision;
    supervision.cancel = &token;
    try {
        write_ext4(tree, parameters, partition, supervision, done);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::cancelled);
    }
}

}  // namespace
}  // namespace rpixen::test
