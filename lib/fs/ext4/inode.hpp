#pragma once

#include <array>
#include <cstdint>

#include "fs/ext4/checksum.hpp"
#include "fs/ext4/layout.hpp"
#include "storage/partition_output.hpp"

namespace rpixen::ext4 {

// i_flags
inline constexpr std::uint32_t flag_index = 0x1000;
inline constexpr std::uint32_t flag_extents = 0x80000;

/// The 60 bytes of i_block: an extent tree's root, a short symlink's target or a device number.
using InodeBlock = std::array<std::byte, 60>;

struct Inode {
    std::uint16_t mode = 0;  ///< with the type's bits
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::uint64_t size = 0;    ///< bytes
    std::uint64_t blocks = 0;  ///< of 4096 bytes, those of extents and attributes included
    std::uint32_t links = 0;
    std::uint32_t flags = 0;
    InodeBlock block{};
    std::uint32_t xattr_block = 0;
    ByteView xattrs;  ///< what follows the fixed fields
    Timestamp time;   ///< atime, ctime and mtime
    Timestamp created;
};

/// Fills the 256 bytes of an inode (struct ext4_inode in Linux), checksum included.
void encode_inode(const Inode& inode, std::uint32_t number, const ChecksumSeed& seed, MutableBytes out);

/// The type's bits of i_mode.
std::uint16_t mode_of(NodeType type);
/// The type in a directory entry.
std::uint8_t entry_type_of(NodeType type);
/// i_block of a device: the old form where both numbers are below 256, else the new one
/// (include/linux/kdev_t.h).
InodeBlock device_block(std::uint32_t major, std::uint32_t minor);

/// The root of an extent tree. Where there are more than four extents, the rest of the tree is written to
/// `tree_first` and the blocks behind it: extent_tree_blocks() of them.
InodeBlock write_extents(const std::vector<Extent>& extents, std::uint32_t tree_first, std::uint32_t inode_seed,
                         BlockWriter& blocks);

}  // namespace rpixen::ext4
