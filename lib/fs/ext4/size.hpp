#pragma once

#include <cstdint>

#include "fs/ext4/parameters.hpp"

namespace rpixen {

/// What is asked of an ext4 file system.
struct Ext4Wish {
    std::string label;  ///< at most 16 bytes
    Uuid uuid{};
    Uuid hash_seed{};
    Timestamp time;
    std::uint64_t partition_offset = 0;  ///< bytes; where the partition begins in the image
    std::uint64_t size = 0;              ///< bytes of the partition; 0: as small as content and `free` allow
    std::uint64_t free = 0;              ///< bytes that stay free for files where size is 0
};

/// Computes the parameters of the ext4 that holds `tree`. Where the size is chosen here, block_count * 4096
/// is a multiple of 1 MiB; a given size may lose the blocks of a last group that is too small to be one.
/// Throws Error{unfit}: more content than the size holds (both numbers are in the problem), or content that
/// ext4 cannot hold.
Ext4Parameters size_ext4(const FileTree& tree, const Ext4Wish& wish);

/// The smallest number of blocks of 4096 bytes that holds `tree` with `free` bytes to spare: one less does
/// not.
std::uint64_t smallest_ext4(const FileTree& tree, const Ext4Wish& wish);

}  // namespace rpixen
