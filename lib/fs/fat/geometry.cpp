#include "fs/fat/geometry.hpp"

#include "base/size.hpp"

namespace rpixen {
namespace {

constexpr std::uint64_t sector = 512;
constexpr std::uint64_t reserved_sectors = 32;
// The specification advises to stay clear of the limit by 16 clusters, since some drivers count off by a few.
constexpr std::uint64_t fewest_clusters = 65525 + 16;

/// Data clusters of a volume with two FATs of 4 bytes a cluster.
std::uint64_t clusters(std::uint64_t sectors, std::uint64_t sectors_per_cluster) {
    if (sectors <= reserved_sectors) return 0;
    std::uint64_t count = (sectors - reserved_sectors) / sectors_per_cluster;
    const std::uint64_t fat = divide_up((count + 2) * 4, sector);
    if (reserved_sectors + 2 * fat >= sectors) return 0;
    return (sectors - reserved_sectors - 2 * fat) / sectors_per_cluster;
}

}  // namespace

std::uint32_t fat32_sectors_per_cluster(std::uint64_t partition_bytes) {
    std::uint32_t wanted = 8;
    if (partition_bytes > 8 * GiB) wanted = 16;
    if (partition_bytes > 16 * GiB) wanted = 32;
    if (partition_bytes > 32 * GiB) wanted = 64;
    while (wanted > 0 && clusters(partition_bytes / sector, wanted) < fewest_clusters) wanted /= 2;
    return wanted;
}

std::uint64_t smallest_fat32() {
    std::uint64_t sectors = reserved_sectors + 2 * divide_up((fewest_clusters + 2) * 4, sector) + fewest_clusters;
    while (fat32_sectors_per_cluster(sectors * sector) == 0) ++sectors;
    return sectors * sector;
}

}  // namespace rpixen
