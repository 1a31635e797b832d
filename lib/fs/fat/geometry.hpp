#pragma once

#include <cstdint>

namespace rpixen {

/// Sectors (of 512 bytes) a cluster has in a FAT32 over `partition_bytes`: 4 KiB clusters up to 8 GiB as
/// mkfs.fat and Windows do, larger ones above, and smaller ones where the volume would else have fewer than
/// the 65,525 clusters below which a driver takes it for a FAT16 (Microsoft's FAT specification 1.03, "FAT
/// Type Determination"), with a few to spare. 0 where the partition is too small for a FAT32 at all.
std::uint32_t fat32_sectors_per_cluster(std::uint64_t partition_bytes);

/// The smallest partition that holds a FAT32 (bytes).
std::uint64_t smallest_fat32();

}  // namespace rpixen
