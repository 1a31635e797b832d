#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "fs/ext4/health_state.hpp"

namespace rpixen::ext4 {

/// Looks at extended attributes, in inodes and in blocks of their own, which files may share: that entries
/// and values lie inside and do not overlap, that hashes are right, that inodes which hold values are such,
/// and how often each is referred to (check_ea_in_inode, check_ext_attr in e2fsck/pass1.c).
class AttributeCheck {
  public:
    explicit AttributeCheck(HealthState& state) : state_(state) {}

    /// What attributes outside the inode are charged to it.
    struct Charge {
        std::uint64_t blocks = 0;
        std::uint64_t inodes = 0;
    };

    /// Those in the inode.
    Charge take_inode(ext2_ino_t number, LargeInode& inode);
    /// Those of its block, if it has one.
    Charge take_block(ext2_ino_t number, ext2_inode& inode);
    /// When every inode was taken: blocks say how many files share them.
    void finish();

    /// Whether the attribute with this name index and name is there, in the inode or its block.
    bool has(ext2_ino_t number, const char* name) const;

  private:
    struct Block {
        std::uint32_t claimed = 0;  ///< files that share it, as it says itself
        std::uint32_t found = 0;
        Charge charge;
    };
    struct Area;

    std::optional<Charge> take_entries(const Area& area);
    bool take_value_inode(const Area& area, ext2_ext_attr_entry& entry, Charge& charge);
    void damage(ext2_ino_t number, const std::string& what, const std::string& found);

    HealthState& state_;
    std::map<blk64_t, Block> blocks_;
};

}  // namespace rpixen::ext4
