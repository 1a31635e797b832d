#pragma once

#include <cstdint>
#include <optional>

#include "base/handle.hpp"
#include "fs/ext4/libext2fs.hpp"

namespace rpixen::ext4 {

/// The blocks that were seen to be in use: one bit a block for the file system's own, then one a cluster
/// (bigalloc) for what files own. Without bigalloc a cluster is a block.
class UsedBlocks {
  public:
    /// Throws Error{io} where there is no memory for it.
    void open(ext2_filsys fs);
    /// Ends the time of single blocks.
    void count_clusters();

    bool contains(blk64_t first, std::uint64_t count) const;
    /// Marks blocks inside the file system, whether they are marked or not.
    void mark(blk64_t first, std::uint64_t count);
    /// Marks them; the first one (or its cluster) that was marked already, where there is one.
    std::optional<blk64_t> take(blk64_t first, std::uint64_t count);
    bool test(blk64_t block) const { return ext2fs_test_block_bitmap2(map_.get(), block) != 0; }

    ext2fs_block_bitmap map() const { return map_.get(); }

  private:
    using Bitmap = Handle<ext2fs_struct_generic_bitmap_base, ext2fs_free_block_bitmap>;

    ext2_filsys fs_ = nullptr;
    Bitmap map_;
    bool shared_ = false;  ///< files may share blocks (shared_blocks)
};

}  // namespace rpixen::ext4
