#pragma once

#include <cstdint>
#include <optional>

namespace rpixen::ext4 {

// The choices that the rest follows from; on-disk facts are from Documentation/filesystems/ext4 in Linux.
inline constexpr std::uint32_t block_size = 4096;  ///< bytes
inline constexpr std::uint32_t inode_size = 256;   ///< bytes
inline constexpr std::uint32_t inodes_per_block = block_size / inode_size;
inline constexpr std::uint32_t blocks_per_group = 8 * block_size;       ///< one bitmap block
inline constexpr std::uint32_t most_inodes_per_group = 8 * block_size;  ///< one bitmap block
inline constexpr std::uint32_t descriptors_per_block = block_size / 64;

/// Blocks kept for group descriptors, present and future, behind each superblock. A constant, so that the
/// places of data are known before the size of the file system is; room for a card of 504 GiB, and for
/// growing up to that on the target.
inline constexpr std::uint32_t descriptor_area = 64;
/// A superblock and its descriptor area.
inline constexpr std::uint32_t fixed_blocks = 1 + descriptor_area;
/// One descriptor block stays reserved: libext2fs takes "none reserved" for "choose yourself".
inline constexpr std::uint32_t most_groups = (descriptor_area - 1) * descriptors_per_block;
inline constexpr std::uint32_t most_blocks = most_groups * blocks_per_group;

/// Inodes 1 to 10 are the file system's own: 2 the root, 7 the descriptors' reserve, 8 the journal.
inline constexpr std::uint32_t root_inode = 2;
inline constexpr std::uint32_t resize_inode = 7;
inline constexpr std::uint32_t journal_inode = 8;
inline constexpr std::uint32_t first_inode = 11;

/// One inode for each 16 KiB, mke2fs's default: a card that was grown on the target can take new files.
inline constexpr std::uint32_t blocks_per_inode = 16384 / block_size;

/// Longest initialised extent (EXT_INIT_MAX_LEN in fs/ext4/ext4_extents.h).
inline constexpr std::uint32_t longest_extent = 32768;

/// Whether a group begins with a copy of superblock and descriptors: 0, 1 and the powers of 3, 5 and 7
/// (sparse_super).
bool has_superblock(std::uint32_t group);

/// mke2fs's table (ext2fs_default_journal_size in lib/ext2fs/mkjournal.c), but never more than 512 MiB, which
/// is four extents; 0 below 8 MiB.
std::uint32_t journal_blocks(std::uint32_t block_count);

struct Geometry {
    std::uint32_t block_count = 0;
    std::uint32_t group_count = 0;
    std::uint32_t inodes_per_group = 0;

    std::uint32_t inode_count() const { return group_count * inodes_per_group; }
    std::uint32_t table_blocks() const { return inodes_per_group / inodes_per_block; }
    std::uint32_t descriptor_blocks() const {
        return (group_count + descriptors_per_block - 1) / descriptors_per_block;
    }
    friend bool operator==(const Geometry&, const Geometry&) = default;
};

/// The geometry of a file system in `blocks` blocks with room for `inodes` inodes and at least one for each
/// 16 KiB, as libext2fs makes it: a last group that could not hold its own tables and 50 blocks more is left
/// off (lib/ext2fs/initialize.c). Nothing where that is impossible: no journal, too few groups for the
/// inodes, too large.
/// `grows`: each group gets the inodes of a whole one, since those that resize2fs adds get no more.
std::optional<Geometry> make_geometry(std::uint64_t blocks, std::uint64_t inodes, bool grows = false);

}  // namespace rpixen::ext4
