#include "fs/fat/geometry.hpp"

#include <gtest/gtest.h>

#include "base/size.hpp"

namespace rpixen {
namespace {

/// Clusters by the specification's own count, independent of the code under test.
std::uint64_t clusters(std::uint64_t bytes, std::uint64_t sectors_per_cluster) {
    const std::uint64_t sectors = bytes / 512;
    std::uint64_t fat = 1;
    for (;; ++fat) {
        const std::uint64_t count = (sectors - 32 - 2 * fat) / sectors_per_cluster;
        if ((count + 2) * 4 <= fat * 512) return count;
    }
}

TEST(Fat32Geometry, NeverHasTooFewClustersForAFat32) {
    for (std::uint64_t size = smallest_fat32(); size < 70 * GiB; size += size / 37) {
        const std::uint32_t sectors = fat32_sectors_per_cluster(size);
        ASSERT_GT(sectors, 0U) << size;
        EXPECT_GE(clusters(size, sectors), 65525U) << size;
        EXPECT_LT(clusters(size, sectors), 0x0ffffff5U) << size;
        EXPECT_LE(sectors, 64U) << "U-Boot reads clusters of up to 64 KiB";
    }
}

TEST(Fat32Geometry, TheUsualBootPartitionGetsTwoKiBClusters) {
    // With 4 KiB clusters 256 MiB have 65,4xx clusters: mkfs.fat makes such volumes and drivers take them for
    // a FAT16.
    EXPECT_LT(clusters(256 * MiB, 8), 65525U);
    EXPECT_EQ(fat32_sectors_per_cluster(256 * MiB), 4U);
}

TEST(Fat32Geometry, ATooSmallPartitionHasNoGeometry) {
    EXPECT_EQ(fat32_sectors_per_cluster(0), 0U);
    EXPECT_EQ(fat32_sectors_per_cluster(32 * MiB), 0U);
    EXPECT_EQ(fat32_sectors_per_cluster(smallest_fat32() - 512), 0U);
    EXPECT_EQ(fat32_sectors_per_cluster(smallest_fat32()), 1U);
}

}  // namespace
}  // namespace rpixen
