#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "fs/ext4/directory.hpp"
#include "fs/ext4/layout.hpp"
#include "storage/partition_output.hpp"

namespace rpixen::ext4 {

struct DirectoryEntry {
    std::string_view name;
    std::uint32_t inode = 0;
    std::uint8_t type = 0;
};

struct DirectorySelf {
    std::uint32_t inode = 0;
    std::uint32_t parent = 0;
};

/// Writes the blocks of a directory; `entries` in the order of plan's places, `places` around the fixed
/// places. Structures: Documentation/filesystems/ext4/directory.rst in Linux.
void write_directory(const DirectoryPlan& plan, std::span<const DirectoryEntry> entries, DirectorySelf self,
                     const std::vector<BlockRun>& places, std::uint32_t inode_seed, BlockWriter& blocks);

/// An empty directory of `places` blocks, as lost+found is.
void write_empty_directory(DirectorySelf self, const std::vector<BlockRun>& places, std::uint32_t inode_seed,
                           BlockWriter& blocks);

}  // namespace rpixen::ext4
