#include "fs/ext4/size.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <rpixen/error.hpp>

#include "base/size.hpp"
#include "fs/ext4/layout.hpp"

namespace rpixen {
namespace {

using ::testing::HasSubstr;

constexpr Metadata plain{0644, 0, 0, {}};

/// Contents without bytes behind them, as a plan has them.
void add(FileTree& tree, const std::string& path, std::uint64_t size) {
    tree.add_file(tree.locate(path), plain, {nullptr, 0, size});
}

Ext4Wish wish_of(std::uint64_t size, std::uint64_t free) {
    Ext4Wish wish;
    wish.hash_seed[3] = std::byte{7};
    wish.size = size;
    wish.free = free;
    return wish;
}

ErrorCode code_of(const FileTree& tree, const Ext4Wish& wish) {
    try {
        size_ext4(tree, wish);
    } catch (const Error& error) {
        return error.code();
    }
    return ErrorCode{};
}

/// Trees of quite different needs.
std::vector<FileTree> trees() {
    std::vector<FileTree> list(6);
    add(list[1], "one", 1);
    for (int number = 0; number < 300; ++number) add(list[2], "f" + std::to_string(number), 20'000);
    add(list[3], "large", 3 * GiB);
    for (int number = 0; number < 70'000; ++number)
        list[4].add_special(list[4].locate("n" + std::to_string(number)), plain, NodeType::fifo);
    for (int number = 0; number < 9; ++number) add(list[5], "m" + std::to_string(number), 100 * MiB);
    return list;
}

TEST(Ext4Size, SmallestFitsAndOneBlockLessDoesNot) {
    for (const FileTree& tree : trees()) {
        const std::uint64_t blocks = smallest_ext4(tree, wish_of(0, 0));
        EXPECT_EQ(size_ext4(tree, wish_of(blocks * 4096, 0)).block_count, blocks);
        EXPECT_EQ(code_of(tree, wish_of((blocks - 1) * 4096, 0)), ErrorCode::unfit) << blocks;
    }
}

TEST(Ext4Size, AutomaticIsRoundedUpAndKeepsWhatIsToStayFree) {
    for (const FileTree& tree : trees()) {
        for (const std::uint64_t free : {std::uint64_t{0}, 64 * MiB, 3 * GiB}) {
            const Ext4Parameters parameters = size_ext4(tree, wish_of(0, free));
            EXPECT_EQ(parameters.block_count % 256, 0U);
            EXPECT_GE(parameters.block_count, smallest_ext4(tree, wish_of(0, free)));
            const ext4::Ext4Layout layout = ext4::lay_out(tree, parameters, 0);
            // Linux keeps a fiftieth of the blocks, at most 4096 of them (ext4_calculate_resv_clusters).
            const std::uint64_t kept = free == 0 ? 0 : std::min<std::uint64_t>(parameters.block_count / 50, 4096);
            EXPECT_GE((std::uint64_t{layout.groups.free_blocks} - kept) * 4096, free);
            EXPECT_GE(parameters.inode_count, layout.content.inodes_used + free / 16384);
            EXPECT_GE(parameters.inode_count, parameters.block_count / 4);
        }
    }
}

TEST(Ext4Size, AGivenSizeGetsInodesForWhatStaysFree) {
    const std::vector<FileTree> list = trees();
    const Ext4Parameters parameters = size_ext4(list[4], wish_of(GiB, 0));
    EXPECT_GE(parameters.inode_count, 70'000 + 50'000U);
}

/// resize2fs gives a new group no more inodes than the first one has.
TEST(Ext4Size, ASmallRootHasInodesForWhatItGrowsTo) {
    const std::vector<FileTree> list = trees();
    for (const std::uint64_t size : {std::uint64_t{0}, 16 * MiB, 200 * MiB}) {
        const Ext4Parameters parameters = size_ext4(list[1], wish_of(size, 0));
        const std::uint64_t groups = divide_up(parameters.block_count, 32768);
        EXPECT_EQ(parameters.inode_count / groups, 8192U) << size;
    }
}

TEST(Ext4Size, TooSmallNamesBothNumbers) {
    FileTree tree;
    add(tree, "data", 100 * MiB);
    try {
        size_ext4(tree, wish_of(64 * MiB, 0));
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::unfit);
        EXPECT_THAT(error.problems().front().found, HasSubstr("64MiB"));
        const std::uint64_t needed = std::stoull(error.problems().front().allowed);
        EXPECT_EQ(needed, smallest_ext4(tree, wish_of(0, 0)) * 4096);
        EXPECT_THAT(error.problems().front().change, HasSubstr("MiB or larger"));
    }
    EXPECT_EQ(code_of(tree, wish_of(4096, 0)), ErrorCode::unfit);
}

TEST(Ext4Size, TooLargeForAnyIsRefused) {
    FileTree tree;
    add(tree, "data", 600 * GiB);
    EXPECT_EQ(code_of(tree, wish_of(0, 0)), ErrorCode::unfit);
    FileTree many;
    for (int number = 0; number < 10; ++number) add(many, std::to_string(number), 100 * GiB);
    EXPECT_EQ(code_of(many, wish_of(0, 0)), ErrorCode::unfit);
}

TEST(Ext4Size, LargePartitionsKeepTheirJournalInFourExtents) {
    FileTree tree;
    add(tree, "data", 1 * GiB);
    for (const std::uint64_t size : {8 * GiB, 32 * GiB, 64 * GiB, 120 * GiB, 500 * GiB}) {
        const Ext4Parameters parameters = size_ext4(tree, wish_of(size, 0));
        EXPECT_EQ(parameters.block_count * 4096, size);
        EXPECT_LE(ext4::lay_out(tree, parameters, 0).groups.journal.size(), 4U);
    }
}

// A few inodes with very many names: our own reader would not read them all.
TEST(Ext4Size, MoreNamesThanAreReadAreRefused) {
    constexpr int names = 62500;  // of a file; ext4 takes 65,000
    FileTree tree;
    const auto fill = [&tree](int file) {
        const std::string folder = std::to_string(file);
        const NodeId node = tree.add_file(tree.locate(folder + "/0"), plain, {nullptr, 0, 0});
        for (int name = 1; name < names; ++name) tree.add_link(tree.locate(folder + "/" + std::to_string(name)), node);
    };
    for (int file = 0; file < 16; ++file) fill(file);
    EXPECT_EQ(code_of(tree, wish_of(0, 0)), ErrorCode{}) << "1,000,000 names";
    fill(16);
    try {
        size_ext4(tree, wish_of(0, 0));
        ADD_FAILURE() << "taken";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::unfit);
        EXPECT_THAT(error.problems().front().message, HasSubstr("name"));
    }
}

TEST(Ext4Size, LongLabel) {
    Ext4Wish wish = wish_of(0, 0);
    wish.label = "seventeen letters";
    EXPECT_EQ(code_of(FileTree(), wish), ErrorCode::unfit);
}

}  // namespace
}  // namespace rpixen
