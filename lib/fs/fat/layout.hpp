#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fs/fat/boot_sector.hpp"
#include "fs/fat/parameters.hpp"
#include "tree/file_tree.hpp"

namespace rpixen {

/// Where everything lies in a FAT32 to be made: a pure function of the plan. Clusters are given out in one
/// go, directories first, every file contiguous, so that what is used is one run from the partition's start.
struct Fat32Layout {
    struct Entry {
        FatShortName short_name{};
        std::u16string long_name;  ///< empty: the short name says it all
        NodeId node = no_id;
        std::uint32_t first_cluster = 0;  ///< 0: an empty file
    };
    struct Directory {
        NodeId node = no_id;
        std::uint32_t first_cluster = 0;
        std::uint32_t clusters = 0;
        std::uint32_t parent_cluster = 0;  ///< as ".." has it: 0 for the root directory
        std::vector<Entry> entries;        ///< sorted bytewise by name
    };
    struct File {
        NodeId node = no_id;
        std::uint32_t first_cluster = 0;
        std::uint32_t clusters = 0;
    };

    FatBootSector boot;
    std::vector<Directory> directories;  ///< the root first, a parent before its children
    std::vector<File> files;  ///< that are not empty, by ascending cluster; a file of two names is there twice
    std::uint32_t used_clusters = 0;

    /// Bytes from the partition's start to cluster 2, to any cluster, and to the end of the last used one.
    std::uint64_t data_begin() const { return std::uint64_t{boot.first_data_sector()} * boot.bytes_per_sector; }
    std::uint64_t place_of(std::uint32_t cluster) const {
        return data_begin() + (cluster - boot.root_cluster) * boot.cluster_size();
    }
    std::uint64_t used_end() const { return place_of(boot.root_cluster + used_clusters); }
};

/// Throws Error{unfit} with every problem at once: names that FAT cannot store or that differ only in case,
/// nodes that it does not know (symlinks, devices), files of 4 GiB or more, directories that are too large, more
/// names than read_fat() reads with that budget, a label that is too long, content beyond the partition, a partition
/// too small for a FAT32 (or too large: 2 TiB) with these clusters.
Fat32Layout layout_fat32(const FileTree& tree, const Fat32Parameters& parameters, std::uint64_t partition_size,
                         const Budget& budget = fat_budget);

}  // namespace rpixen
