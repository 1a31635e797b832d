#pragma once

#include "fs/ext4/inode.hpp"
#include "fs/ext4/layout.hpp"
#include "storage/partition_output.hpp"

namespace rpixen::ext4 {

/// Directories in each group, for its descriptor.
using DirectoryCounts = std::vector<std::uint32_t>;

/// Writes, through libext2fs, superblocks, group descriptors, bitmaps, the resize inode and the journal's
/// superblock. `journal` is the extent tree's root in the journal's inode. The inode tables must have been
/// written.
void write_tables(const Ext4Parameters& parameters, const Ext4Layout& layout, const DirectoryCounts& directories,
                  const InodeBlock& journal, PartitionOutput& partition);

}  // namespace rpixen::ext4
