#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/budget.hpp"
#include "base/size.hpp"
#include "tree/file_tree.hpp"

namespace rpixen {

/// Steps are names of files and directories, in all of a file system; a boot partition has some hundreds.
inline constexpr Budget fat_budget{.of = "a FAT file system", .steps = 200'000};

/// Where a file or directory of a FAT lies in the image.
struct FatPlace {
    /// Bytes in the image, in the file's order: whole clusters, also beyond its length.
    std::vector<Range> extents;
    /// Of its directory entry (the length stands at +28); 0 for the root directory.
    std::uint64_t entry_offset = 0;

    std::uint64_t capacity() const {
        std::uint64_t bytes = 0;
        for (const Range& extent : extents) bytes += extent.size();
        return bytes;
    }
};

/// What makes one FAT32 differ from another. Facts: Microsoft FAT specification 1.03 (fatgen103).
struct Fat32Parameters {
    std::string label;  ///< as given; the volume label holds at most 11 bytes, upper case
    std::uint32_t volume_id = 0;
    std::uint32_t sectors_per_cluster = 0;  ///< of 512 bytes; so that there are at least 65,525 clusters
    std::uint32_t hidden_sectors = 0;       ///< the partition's first sector (BPB_HiddSec)
    Timestamp time;                         ///< of the volume label and of directories; files have their own mtime
};

}  // namespace rpixen
