#pragma once

#include <optional>

#include "fs/ext4/attribute_check.hpp"
#include "fs/ext4/block_check.hpp"
#include "fs/ext4/health_state.hpp"
#include "fs/ext4/quota_check.hpp"

namespace rpixen::ext4 {

/// Looks at every inode: its fields against each other and against the features, its attributes, blocks,
/// size and block count (e2fsck/pass1.c). Directories are remembered for later.
class InodeCheck {
  public:
    InodeCheck(HealthState& state, QuotaCheck& quota);

    void run();

  private:
    void take(ext2_ino_t number);
    bool take_free(ext2_ino_t number);
    bool special(ext2_ino_t number) const;
    void take_special(ext2_ino_t number);
    void check_flags(ext2_ino_t number);
    void check_fields(ext2_ino_t number);
    void check_times(ext2_ino_t number);
    void check_type(ext2_ino_t number);
    void check_device(ext2_ino_t number);
    bool symlink_is_right(ext2_ino_t number);
    void check_symlink(ext2_ino_t number);
    void take_content(ext2_ino_t number, const AttributeCheck::Charge& in_inode);
    void check_size(ext2_ino_t number, const BlockTally& tally);
    void check_index(ext2_ino_t number);
    void damage(ext2_ino_t number, const std::string& what, const std::string& expected, const std::string& found);
    std::optional<std::size_t> inline_size(ext2_ino_t number);

    ext2_inode& inode() { return *inode_.small(); }
    bool has(std::uint32_t flag) { return (inode().i_flags & flag) != 0; }

    HealthState& state_;
    QuotaCheck& quota_;
    ext2_filsys fs_;
    LargeInode inode_;
    AttributeCheck attributes_;
    bool deletion_times_tell_ = true;
};

}  // namespace rpixen::ext4
