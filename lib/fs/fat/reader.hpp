#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <rpixen/error.hpp>

#include "base/budget.hpp"
#include "base/size.hpp"
#include "fs/fat/boot_sector.hpp"
#include "fs/fat/parameters.hpp"
#include "storage/content.hpp"
#include "tree/file_tree.hpp"

namespace rpixen {

/// A FAT12, FAT16 or FAT32 as read.
struct FatVolume {
    FatBootSector boot;
    std::string label;  ///< of the root directory's entry, else of the boot sector
    std::uint32_t free_clusters = 0;
    std::uint64_t used_end = 0;    ///< bytes from the partition's start to the end of the last cluster that is not free
    FileTree tree;                 ///< mode 0755 or 0644 (0555 or 0444 where read-only), owner 0:0, times taken for UTC
    std::vector<FatPlace> places;  ///< by NodeId

    /// "FAT32"
    std::string kind() const { return "FAT" + std::to_string(boot.kind()); }
};

/// True where the sector at the partition's start is a FAT's boot sector.
bool is_fat(const ContentSourcePtr& image, Range partition);

/// Reads every directory and the allocation table; contents stay in the image and are read through the tree.
/// `partition` lies inside the image. Nothing in the image is trusted: what is wrong is added to `damages`
/// (in words, with the path), what is readable nevertheless is in the tree. Throws Error{artifact} where
/// there is no FAT, Error{io}.
FatVolume read_fat(const ContentSourcePtr& image, Range partition, std::vector<Problem>& damages,
                   const Budget& budget = fat_budget);

}  // namespace rpixen
