#pragma once

#include <cstdint>
#include <string>

#include "base/digest.hpp"
#include "tree/file_tree.hpp"

namespace rpixen {

/// The names that a file system of so many inodes is read with, and made with at most. A file may have 65,000 links, so
/// a few inodes may have very many names: as many as 15 files take besides.
constexpr std::uint64_t most_ext4_names(std::uint64_t inodes) {
    return 1'000'000 + 4 * inodes;
}

/// What makes one ext4 differ from another. Block size is 4096, inode size 256.
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

}  // namespace rpixen
