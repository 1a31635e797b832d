#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "base/size.hpp"
#include "storage/content.hpp"
#include "tree/file_tree.hpp"

namespace rpixen {

enum class FileSystemKind : std::uint8_t {
    fat32,
    ext4,      ///< made from `tree`
    prebuilt,  ///< `prebuilt` copied as it is
};

/// A FAT32 to be made. Facts: Microsoft FAT specification 1.03 (fatgen103).
struct Fat32Parameters {
    std::string label;  ///< as given; the volume label holds at most 11 bytes, upper case
    std::uint32_t volume_id = 0;
    std::uint32_t sectors_per_cluster =
        0;                             ///< of 512 bytes; chosen so that there are at least 65,525 clusters
    std::uint32_t hidden_sectors = 0;  ///< the partition's first sector (BPB_HiddSec)
    Timestamp time;                    ///< of the volume label and of directories; files have their own mtime
};

/// An ext4 to be made. Block size is 4096, inode size 256.
struct Ext4Parameters {
    std::string label;  ///< at most 16 bytes
    Uuid uuid{};
    Uuid hash_seed{};
    Timestamp time;                 ///< creation time of the file system and of what it makes itself
    std::uint64_t block_count = 0;  ///< of 4096 bytes
    std::uint32_t inode_count = 0;  ///< as libext2fs will have it: a multiple of 16 for each group
    std::uint32_t journal_blocks = 0;
    std::uint32_t reserved_blocks = 0;  ///< kept for root
};

struct PartitionPlan {
    std::string name;           ///< "boot", "root"
    Range range;                ///< in the image, bytes, aligned
    std::uint8_t mbr_type = 0;  ///< 0x0c, 0x83
    bool active = false;
    FileSystemKind kind = FileSystemKind::fat32;
    Fat32Parameters fat32;
    Ext4Parameters ext4;
    FileTree tree;
    Content prebuilt;
};

/// Everything a back end needs to know, and nothing it has to decide.
struct ImagePlan {
    std::uint64_t size = 0;  ///< bytes, a multiple of 1 MiB
    std::uint32_t disk_signature = 0;
    std::vector<PartitionPlan> partitions;  ///< in the order of the partition table, at most 4
};

}  // namespace rpixen
