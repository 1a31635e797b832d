#include "fs/ext4/block_check.hpp"

#include <algorithm>

#include "base/handle.hpp"
#include "fs/ext4/io.hpp"

namespace rpixen::ext4 {
namespace {

using Extents = Handle<ext2_extent_handle, ext2fs_extent_free>;

/// What ext4 allows; a deeper tree is damage.
constexpr int most_depth = 5;
/// A map of blocks is left after so many faults: it may lead to itself.
constexpr unsigned most_faults = 64;
/// The most blocks a directory's list is made for; a hole may be as wide as the number says.
constexpr std::uint64_t most_directory_blocks = std::uint64_t{1} << 22;

}  // namespace

struct BlockCheck::Walk {
    BlockCheck* check;
    std::exception_ptr failure{};
};

void BlockCheck::damage(const std::string& what, const std::string& found) {
    ++faults_;
    state_.report.damage(place_of(number_), "extents", what, found);
}

void BlockCheck::own(blk64_t first, std::uint64_t count) {
    if (const auto taken = state_.used.take(first, count)) {
        ++faults_;
        state_.report.damage(place_of(number_), "block", "blocks of its own",
                             "block " + std::to_string(*taken) + " is used twice");
    }
}

void BlockCheck::put_directory_block(std::uint64_t logical, blk64_t block) {
    if (!directory_ || logical >= most_directory_blocks) return;
    if (directory_->size() <= logical) directory_->resize(logical + 1);
    (*directory_)[logical] = block;
}

/// Bigalloc: a block's place in its cluster is the same in the file and on the medium, and a cluster of the
/// file is one cluster of the medium.
bool BlockCheck::misaligned(blk64_t block, std::uint64_t logical) const {
    const ext2_filsys fs = state_.fs;
    if (!fs->cluster_ratio_bits) return false;
    const auto mask = static_cast<std::uint64_t>(EXT2FS_CLUSTER_MASK(fs));
    if ((logical & mask) != (block & mask)) return true;
    return previous_ != 0 && (logical & mask) != 0 && tally_.last >= 0 &&
           EXT2FS_B2C(fs, logical) == EXT2FS_B2C(fs, static_cast<std::uint64_t>(tally_.last)) &&
           EXT2FS_B2C(fs, block) != EXT2FS_B2C(fs, previous_);
}

BlockTally BlockCheck::run() {
    const ext2_filsys fs = state_.fs;
    if (!(inode_.i_flags & EXT4_INLINE_DATA_FL) && ext2fs_inode_has_valid_blocks2(fs, &inode_)) {
        if (ext2fs_has_feature_extents(fs->super) && (inode_.i_flags & EXT4_EXTENTS_FL))
            take_extents();
        else
            take_map();
    }
    return tally_;
}

void BlockCheck::take_extents() {
    ext2_extent_handle_t raw = nullptr;
    if (ext2fs_extent_header_verify(inode_.i_block, sizeof inode_.i_block) != 0) {
        damage("the head of a tree of extents", "none");
        return;
    }
    if (const errcode_t failure = ext2fs_extent_open2(state_.fs, number_, &inode_, &raw)) {
        damage("a readable tree", words_of(failure));
        return;
    }
    const Extents handle(raw);
    ext2_extent_info info{};
    if (ext2fs_extent_get_info(raw, &info) != 0) return;
    if (info.max_depth > most_depth) {
        damage("a tree of at most 5 levels", std::to_string(info.max_depth));
        return;
    }
    take_node(raw, 0, 0);
}

const char* BlockCheck::fault_of(const ext2fs_extent& extent, std::uint64_t begin, std::uint64_t end) const {
    const std::uint64_t blocks = ext2fs_blocks_count(state_.fs->super);
    const bool leaf = (extent.e_flags & EXT2_EXTENT_FLAGS_LEAF) != 0;
    const bool unwritten = (extent.e_flags & EXT2_EXTENT_FLAGS_UNINIT) != 0;
    const std::uint64_t last = extent.e_lblk + extent.e_len - 1;
    const std::uint64_t block_size = state_.fs->blocksize;
    const auto end_of_file = static_cast<std::int64_t>((EXT2_I_SIZE(&inode_) + block_size - 1) / block_size) - 1;
    if (extent.e_pblk == 0 || extent.e_pblk < state_.super().s_first_data_block || extent.e_pblk >= blocks)
        return "a first block outside";
    if (extent.e_lblk < begin) return "one out of order";
    if (end != 0 && last > end &&
        !(static_cast<std::int64_t>(last) > end_of_file && (unwritten || (inode_.i_flags & EXT4_VERITY_FL))))
        return "one beyond its index";
    if (leaf && extent.e_len == 0) return "an empty one";
    if (leaf && extent.e_pblk + extent.e_len > blocks) return "one that ends outside";
    if (leaf && directory_ && unwritten) return "an unwritten one in a directory";
    if (leaf && extent.e_lblk < next_logical_) return "one over another";
    return nullptr;
}

void BlockCheck::take_node(ext2_extent_handle_t handle, std::uint64_t begin, std::uint64_t end) {
    ext2_extent_info info{};
    if (ext2fs_extent_get_info(handle, &info) != 0) return;
    ext2fs_extent extent{};
    errcode_t result = ext2fs_extent_get(handle, EXT2_EXTENT_FIRST_SIB, &extent);
    for (int left = info.num_entries; left > 0; --left) {
        if (result == EXT2_ET_EXTENT_NO_NEXT || result == EXT2_ET_NO_CURRENT_NODE) break;
        if (result != 0) {
            damage("a readable tree", words_of(result));
            if (result != EXT2_ET_EXTENT_CSUM_INVALID) return;
        }
        if (const char* fault = fault_of(extent, begin, end)) {
            damage("extents in order", fault);
        } else if ((extent.e_flags & EXT2_EXTENT_FLAGS_LEAF) == 0) {
            if (!descend(handle, extent)) return;
        } else {
            take_leaf(extent);
            begin = extent.e_lblk + extent.e_len - 1;
        }
        result = ext2fs_extent_get(handle, EXT2_EXTENT_NEXT_SIB, &extent);
    }
}

/// Goes one level down and comes back; false where the walk is lost.
bool BlockCheck::descend(ext2_extent_handle_t handle, const ext2fs_extent& index) {
    // A block that somebody owns already is not entered: so no tree can lead to itself.
    if (const auto taken = state_.used.take(index.e_pblk, 1)) {
        damage("blocks of its own", "block " + std::to_string(*taken) + " is used twice");
        return true;
    }
    ++tally_.clusters;
    ext2fs_extent below{};
    const errcode_t result = ext2fs_extent_get(handle, EXT2_EXTENT_DOWN, &below);
    if (result != 0) {
        damage("a readable tree", words_of(result));
        if (result != EXT2_ET_EXTENT_CSUM_INVALID) return result == EXT2_ET_EXTENT_HEADER_BAD;
    }
    if (below.e_lblk != index.e_lblk) damage("an index that begins where its extents do", std::to_string(index.e_lblk));
    take_node(handle, below.e_lblk, index.e_lblk + index.e_len - 1);
    return ext2fs_extent_get(handle, EXT2_EXTENT_UP, &below) == 0;
}

void BlockCheck::take_leaf(const ext2fs_extent& extent) {
    const ext2_filsys fs = state_.fs;
    const blk64_t first = extent.e_pblk;
    const std::uint64_t end = first + extent.e_len;
    next_logical_ = std::max<std::uint64_t>(next_logical_, extent.e_lblk + extent.e_len);
    if (directory_) {
        if (tally_.last + 1 < static_cast<std::int64_t>(extent.e_lblk))
            damage("a directory without holes", "one before block " + std::to_string(extent.e_lblk));
        for (std::uint64_t block = 0; block < extent.e_len; ++block)
            put_directory_block(extent.e_lblk + block, first + block);
    }
    if (misaligned(first, extent.e_lblk)) damage("clusters of the file on clusters", "a shifted one");
    // A cluster that the extent before ended in is charged once.
    const blk64_t cluster = EXT2FS_B2C(fs, first);
    const bool begun = fs->cluster_ratio_bits && previous_ != 0 && EXT2FS_B2C(fs, previous_) == cluster;
    const blk64_t begin = EXT2FS_C2B(fs, begun ? cluster + 1 : cluster);
    if (begin < end) {
        own(begin, end - begin);
        const auto ratio = static_cast<std::uint64_t>(EXT2FS_CLUSTER_RATIO(fs));
        tally_.clusters += (end - begin + ratio - 1) / ratio;
    }
    tally_.last = static_cast<std::int64_t>(extent.e_lblk + extent.e_len) - 1;
    previous_ = end - 1;
    if (!directory_ && !(extent.e_flags & EXT2_EXTENT_FLAGS_UNINIT)) tally_.last_initialized = tally_.last;
}

bool BlockCheck::take_mapped(blk64_t block, std::int64_t logical) {
    const ext2_filsys fs = state_.fs;
    if (++steps_ > 2 * ext2fs_blocks_count(fs->super)) return false;
    if (!state_.used.contains(block, 1)) {
        damage("blocks of the file system", "block " + std::to_string(block));
        return faults_ < most_faults;
    }
    if (!LINUX_S_ISDIR(inode_.i_mode) && !LINUX_S_ISREG(inode_.i_mode) && number_ >= state_.first_inode() &&
        logical > 0)
        damage("one block", "block " + std::to_string(logical) + " of a symlink");
    if (number_ == EXT2_RESIZE_INO) {
        // All but its root are reserved descriptors, which are marked already.
        if (logical == BLOCK_COUNT_DIND) own(block, 1);
        ++tally_.clusters;
    } else {
        const auto mask = static_cast<std::uint64_t>(EXT2FS_CLUSTER_MASK(fs));
        const bool same_cluster = fs->cluster_ratio_bits && previous_ != 0 &&
                                  EXT2FS_B2C(fs, block) == EXT2FS_B2C(fs, previous_) &&
                                  (block & mask) == (static_cast<std::uint64_t>(logical) & mask);
        if (!same_cluster) {
            own(block, 1);
            ++tally_.clusters;
        } else if (misaligned(block, static_cast<std::uint64_t>(logical))) {
            damage("clusters of the file on clusters", "a shifted one");
        }
    }
    if (logical >= 0) {
        tally_.last = logical;
        put_directory_block(static_cast<std::uint64_t>(logical), block);
    }
    previous_ = block;
    return faults_ < most_faults;
}

void BlockCheck::take_map() {
    Walk walk{this};
    const auto take = [](ext2_filsys, blk64_t* block, e2_blkcnt_t logical, blk64_t, int, void* opaque) noexcept -> int {
        Walk& at = *static_cast<Walk*>(opaque);
        try {
            return at.check->take_mapped(*block, logical) ? 0 : BLOCK_ABORT;
        } catch (...) {
            at.failure = std::current_exception();
            return BLOCK_ABORT;
        }
    };
    const errcode_t failure = ext2fs_block_iterate3(state_.fs, number_, BLOCK_FLAG_READ_ONLY, nullptr, take, &walk);
    if (walk.failure) std::rethrow_exception(walk.failure);
    if (failure) damage("a readable map of blocks", words_of(failure));
    tally_.last_initialized = tally_.last;
}

}  // namespace rpixen::ext4
