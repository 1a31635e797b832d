#pragma once

#include "fs/ext4/health_state.hpp"

namespace rpixen::ext4 {

/// The numbers of the superblock and of the groups, and the blocks that they claim (check_super_block in
/// e2fsck/super.c, mark_table_blocks in pass1.c). False where nothing else can be looked at.
bool check_structure(HealthState& state);

/// What the superblock names: the journal, the file of orphans, the inode of reserved descriptors, the block
/// of multi-mount protection. To be called when structures were checked.
void check_named_files(HealthState& state);

}  // namespace rpixen::ext4
