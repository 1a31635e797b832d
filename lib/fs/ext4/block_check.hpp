#pragma once

#include <cstdint>
#include <exception>

#include "fs/ext4/health_state.hpp"

namespace rpixen::ext4 {

/// What the blocks of an inode are.
struct BlockTally {
    std::uint64_t clusters = 0;          ///< charged to it, those of its tree too
    std::int64_t last = -1;              ///< the last block, counted in the file
    std::int64_t last_initialized = -1;  ///< the last one that was written
};

/// Walks over the blocks of an inode as e2fsck does (check_blocks in e2fsck/pass1.c), marks them as used and
/// names what is wrong with them. Of a directory `directory` gets the blocks, of others it is null.
class BlockCheck {
  public:
    BlockCheck(HealthState& state, ext2_ino_t number, ext2_inode& inode, std::vector<blk64_t>* directory)
        : state_(state), number_(number), inode_(inode), directory_(directory) {}

    BlockTally run();

  private:
    struct Walk;

    void take_extents();
    void take_node(ext2_extent_handle_t handle, std::uint64_t begin, std::uint64_t end);
    void take_leaf(const ext2fs_extent& extent);
    bool descend(ext2_extent_handle_t handle, const ext2fs_extent& index);
    const char* fault_of(const ext2fs_extent& extent, std::uint64_t begin, std::uint64_t end) const;
    void take_map();
    bool take_mapped(blk64_t block, std::int64_t logical);
    bool misaligned(blk64_t block, std::uint64_t logical) const;
    void own(blk64_t first, std::uint64_t count);
    void put_directory_block(std::uint64_t logical, blk64_t block);
    void damage(const std::string& what, const std::string& found);

    HealthState& state_;
    ext2_ino_t number_;
    ext2_inode& inode_;
    std::vector<blk64_t>* directory_;
    BlockTally tally_;
    blk64_t previous_ = 0;  ///< the block before, on the medium
    std::uint64_t next_logical_ = 0;
    unsigned faults_ = 0;
    std::uint64_t steps_ = 0;
};

}  // namespace rpixen::ext4
