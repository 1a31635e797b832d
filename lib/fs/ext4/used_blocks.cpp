#include "fs/ext4/used_blocks.hpp"

#include <rpixen/error.hpp>

namespace rpixen::ext4 {
namespace {

void check(errcode_t failure) {
    if (failure) throw Error(ErrorCode::io, "not enough memory for a map of blocks", error_message(failure));
}

}  // namespace

void UsedBlocks::open(ext2_filsys fs) {
    fs_ = fs;
    shared_ = ext2fs_has_feature_shared_blocks(fs->super) != 0;
    ext2fs_block_bitmap map = nullptr;
    check(ext2fs_allocate_subcluster_bitmap(fs, "used blocks", &map));
    map_.reset(map);
}

void UsedBlocks::count_clusters() {
    ext2fs_block_bitmap map = map_.release();
    const errcode_t failure = ext2fs_convert_subcluster_bitmap(fs_, &map);
    map_.reset(map);
    check(failure);
}

bool UsedBlocks::contains(blk64_t first, std::uint64_t count) const {
    const blk64_t end = ext2fs_blocks_count(fs_->super);
    return first >= fs_->super->s_first_data_block && first < end && count <= end - first;
}

void UsedBlocks::mark(blk64_t first, std::uint64_t count) {
    ext2fs_mark_block_bitmap_range2(map_.get(), first, static_cast<blk_t>(count));
}

std::optional<blk64_t> UsedBlocks::take(blk64_t first, std::uint64_t count) {
    std::optional<blk64_t> taken;
    if (!ext2fs_test_block_bitmap_range2(map_.get(), first, static_cast<blk_t>(count)) && !shared_)
        for (blk64_t block = first; !taken && block < first + count; ++block)
            if (test(block)) taken = block;
    mark(first, count);
    return taken;
}

}  // namespace rpixen::ext4
