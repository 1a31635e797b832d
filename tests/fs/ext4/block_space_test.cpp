#include "fs/ext4/block_space.hpp"

#include <gtest/gtest.h>

#include <rpixen/error.hpp>

#include "fs/ext4/geometry.hpp"

namespace rpixen::ext4 {
namespace {

using Runs = std::vector<BlockRun>;

TEST(BlockSpace, BeginsBehindTheFirstFixedPlace) {
    BlockSpace space;
    EXPECT_EQ(space.allocate(1), 65U);
    EXPECT_EQ(space.allocate(10), 66U);
    EXPECT_EQ(space.taken_end(), 76U);
}

TEST(BlockSpace, SuperblocksStandInGroups0And1AndPowersOf3And5And7) {
    std::vector<std::uint32_t> groups;
    for (std::uint32_t group = 0; group < 400; ++group)
        if (has_superblock(group)) groups.push_back(group);
    EXPECT_EQ(groups, (std::vector<std::uint32_t>{0, 1, 3, 5, 7, 9, 25, 27, 49, 81, 125, 243, 343}));
}

TEST(BlockSpace, WhatWouldStraddleMovesAndSmallOnesFillTheGap) {
    BlockSpace space;
    EXPECT_EQ(space.allocate(30000), 65U);
    EXPECT_EQ(space.allocate(5000), 32768U + 65);
    EXPECT_EQ(space.allocate(2703), 30065U);  // exactly the gap
    EXPECT_EQ(space.allocate(1), 32768U + 65 + 5000);
}

TEST(BlockSpace, MoreThanOneExtentGoesOnBehindFixedPlaces) {
    BlockSpace space;
    EXPECT_EQ(space.allocate(100), 65U);
    EXPECT_EQ(space.allocate(70000), 165U);
    EXPECT_EQ(around_fixed_places(165, 70000), (Runs{{165, 32603}, {32833, 37397}}));
    EXPECT_EQ(space.allocate(1), 32833U + 37397);
}

TEST(BlockSpace, OccupiedBlocksAreLeftOut) {
    BlockSpace space(Runs{{65, 10}, {80, 100}});
    EXPECT_EQ(space.allocate(6), 180U);
    EXPECT_EQ(space.allocate(5), 75U);
    EXPECT_EQ(space.allocate(40000), 186U);
}

TEST(BlockSpace, PiecesComeFromTheLongestRuns) {
    BlockSpace space(Runs{{75, 5}, {90, 10}, {200, 100}});
    space.cut(310);
    // Left: 65-74, 80-89, 100-199, 300-309.
    EXPECT_EQ(space.allocate_pieces(105), (Runs{{65, 10}, {100, 95}}));
    EXPECT_EQ(space.allocate_pieces(26), Runs{});
    EXPECT_EQ(space.allocate_pieces(25), (Runs{{80, 10}, {195, 5}, {300, 10}}));
    EXPECT_FALSE(space.find(1));
}

TEST(BlockSpace, EndsAtTheLargestFileSystem) {
    BlockSpace space;
    EXPECT_THROW(space.allocate(most_blocks), Error);
    EXPECT_THROW(around_fixed_places(most_blocks - 10, 11), Error);
}

TEST(BlockRuns, MergeAndComplement) {
    EXPECT_EQ(merged({{5, 2}, {1, 2}, {3, 2}, {9, 0}, {6, 3}}), (Runs{{1, 8}}));
    EXPECT_EQ(complement({{1, 2}, {5, 5}}, 8), (Runs{{0, 1}, {3, 2}}));
    EXPECT_EQ(complement({}, 3), (Runs{{0, 3}}));
}

TEST(Ext4Geometry, AShortLastGroupIsLeftOff) {
    EXPECT_FALSE(make_geometry(2047, 11));
    EXPECT_EQ(make_geometry(2048, 11), (Geometry{2048, 1, 512}));
    EXPECT_EQ(make_geometry(32768, 11), (Geometry{32768, 1, 8192}));
    EXPECT_EQ(make_geometry(32768 + 100, 11), (Geometry{32768, 1, 8192}));
    EXPECT_EQ(make_geometry(65536, 11), (Geometry{65536, 2, 8192}));
    // Group 1 holds a superblock: 65 + 2 + its table + 50 blocks at least.
    EXPECT_EQ(make_geometry(32768 + 380, 11)->group_count, 2U);
    EXPECT_FALSE(make_geometry(32768, 32769));
    EXPECT_FALSE(make_geometry(std::uint64_t{most_blocks} + 1, 11));
}

}  // namespace
}  // namespace rpixen::ext4
