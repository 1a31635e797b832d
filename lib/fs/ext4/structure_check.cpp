#include "fs/ext4/structure_check.hpp"

#include <algorithm>

namespace rpixen::ext4 {
namespace {

bool power_of_two(std::uint64_t value) {
    return value != 0 && (value & (value - 1)) == 0;
}

void check_state(HealthState& state) {
    const ext2_super_block& super = state.super();
    if (!(super.s_state & EXT2_VALID_FS) || (super.s_state & EXT2_ERROR_FS))
        state.report.damage("superblock", "state", "clean", "state " + std::to_string(super.s_state));
    if (ext2fs_has_feature_journal_needs_recovery(state.fs->super))
        state.report.damage("superblock", "state", "an empty journal", "a journal that waits to be replayed");
    if (super.s_last_orphan != 0)
        state.report.damage("superblock", "state", "no orphans", "orphan inode " + std::to_string(super.s_last_orphan));
}

/// As check_super_block's limits; libext2fs has looked at those that reading needs.
bool check_limits(HealthState& state) {
    const ext2_super_block& super = state.super();
    const ext2_filsys fs = state.fs;
    bool sound = true;
    const auto limit = [&](const char* what, std::uint64_t found, std::uint64_t least, std::uint64_t most) {
        if (found >= least && found <= most) return;
        state.report.damage("superblock", what, std::to_string(least) + " to " + std::to_string(most),
                            std::to_string(found));
        sound = false;
    };
    const std::uint64_t blocks = ext2fs_blocks_count(fs->super);
    const auto ratio = static_cast<std::uint64_t>(EXT2FS_CLUSTER_RATIO(fs));
    const std::uint64_t first = super.s_log_block_size == 0 && ratio == 1 ? 1 : 0;
    limit("first block", super.s_first_data_block, first, first);
    limit("reserved blocks", ext2fs_r_blocks_count(fs->super), 0, blocks / 2);
    limit("reserved descriptors", super.s_reserved_gdt_blocks, 0, fs->blocksize / 4U);
    limit("inodes", super.s_inodes_count, std::uint64_t{super.s_inodes_per_group} * fs->group_desc_count,
          std::uint64_t{super.s_inodes_per_group} * fs->group_desc_count);
    limit("blocks a group", super.s_blocks_per_group, super.s_clusters_per_group * ratio,
          super.s_clusters_per_group * ratio);
    limit("clusters a group", super.s_clusters_per_group, 8, std::uint64_t{8} * fs->blocksize);
    limit("inodes a group", super.s_inodes_per_group, static_cast<std::uint64_t>(EXT2_INODES_PER_BLOCK(fs->super)),
          std::uint64_t{8} * fs->blocksize);
    if (super.s_rev_level > EXT2_GOOD_OLD_REV)
        limit("first inode", super.s_first_ino, EXT2_GOOD_OLD_FIRST_INO, super.s_inodes_count);
    limit("inode size", EXT2_INODE_SIZE(fs->super), EXT2_GOOD_OLD_INODE_SIZE, fs->blocksize);
    if (EXT2_INODE_SIZE(fs->super) > EXT2_GOOD_OLD_INODE_SIZE) {
        const std::uint64_t most = EXT2_INODE_SIZE(fs->super) - std::uint64_t{EXT2_GOOD_OLD_INODE_SIZE};
        for (const std::uint64_t extra : {super.s_min_extra_isize, super.s_want_extra_isize})
            if (extra != 0 && (extra < 4 || extra > most || extra % 4 != 0))
                state.report.damage("superblock", "inode fields", "0, or a multiple of 4 up to " + std::to_string(most),
                                    std::to_string(extra));
    }
    if (super.s_desc_size != 0 && !power_of_two(super.s_desc_size))
        state.report.damage("superblock", "descriptor size", "a power of 2", std::to_string(super.s_desc_size));
    return sound;
}

void check_features(HealthState& state) {
    ext2_super_block* const super = state.fs->super;
    const auto refuse = [&](const char* expected, const char* found) {
        state.report.damage("superblock", "features", expected, found);
    };
    if (ext2fs_has_feature_metadata_csum(super) && ext2fs_has_feature_gdt_csum(super))
        refuse("metadata_csum or uninit_bg", "both");
    if (ext2fs_has_feature_csum_seed(super) && !ext2fs_has_feature_metadata_csum(super))
        refuse("metadata_csum_seed with metadata_csum only", "it is alone");
    if (ext2fs_has_feature_64bit(super) && !ext2fs_has_feature_extents(super))
        refuse("64bit with extents only", "it is alone");
    if (ext2fs_has_feature_resize_inode(super) && ext2fs_has_feature_meta_bg(super))
        refuse("resize_inode or meta_bg", "both");
    if (!ext2fs_has_feature_resize_inode(super) && super->s_reserved_gdt_blocks != 0)
        refuse("reserved descriptors with resize_inode only", "some");
    // The one encoding there is: UTF-8 of Unicode 12.1 (EXT4_ENC_UTF8_12_1).
    if (ext2fs_has_feature_casefold(super) && super->s_encoding != 1)
        refuse("casefold with encoding 1 only", ("encoding " + std::to_string(super->s_encoding)).c_str());
    if (ext2fs_has_feature_orphan_present(super)) refuse("no orphans", "orphan_present");
    if (ext2fs_has_feature_shared_blocks(super))
        state.report.unproven("shared_blocks: that no two files own a block cannot be told");
}

/// Claims blocks of the file system itself.
bool claim(HealthState& state, const std::string& place, const char* what, blk64_t first, std::uint64_t count,
           blk64_t least, blk64_t last) {
    if (first < least || first > last || count > last - first + 1) {
        state.report.damage(place, what, "blocks of its group", "block " + std::to_string(first));
        return false;
    }
    if (const auto taken = state.used.take(first, count))
        state.report.damage(place, what, "blocks of its own", "block " + std::to_string(*taken) + " is used twice");
    return true;
}

void check_group_counts(HealthState& state, dgrp_t group) {
    const ext2_filsys fs = state.fs;
    const std::string place = "group " + std::to_string(group);
    if (!ext2fs_group_desc_csum_verify(fs, group)) state.report.damage(place, "checksum", "right", "wrong");
    const bool checksums = ext2fs_has_group_desc_csum(fs) != 0;
    const bool blocks_unused = ext2fs_bg_flags_test(fs, group, EXT2_BG_BLOCK_UNINIT) != 0;
    const bool inodes_unused = ext2fs_bg_flags_test(fs, group, EXT2_BG_INODE_UNINIT) != 0;
    const std::uint32_t unused = ext2fs_bg_itable_unused(fs, group);
    if (!checksums && (blocks_unused || inodes_unused || unused != 0))
        state.report.damage(place, "flags", "none without checksums", "parts that were not made");
    if (group == fs->group_desc_count - 1 && blocks_unused)
        state.report.damage(place, "flags", "a bitmap of the last group", "none");
    if (checksums && (unused > ext2fs_bg_free_inodes_count(fs, group) || unused > fs->super->s_inodes_per_group))
        state.report.damage(place, "unused inodes", "at most " + std::to_string(ext2fs_bg_free_inodes_count(fs, group)),
                            std::to_string(unused));
}

bool claim_groups(HealthState& state) {
    const ext2_filsys fs = state.fs;
    bool sound = true;
    for (dgrp_t group = 0; group < fs->group_desc_count; ++group) {
        check_group_counts(state, group);
        ext2fs_reserve_super_and_bgd(fs, group, state.used.map());
    }
    for (dgrp_t group = 0; group < fs->group_desc_count; ++group) {
        const bool anywhere = ext2fs_has_feature_flex_bg(fs->super) != 0;
        const blk64_t least = anywhere ? fs->super->s_first_data_block : ext2fs_group_first_block2(fs, group);
        const blk64_t last = anywhere ? ext2fs_blocks_count(fs->super) - 1 : ext2fs_group_last_block2(fs, group);
        const std::string place = "group " + std::to_string(group);
        sound &= claim(state, place, "table of inodes", ext2fs_inode_table_loc(fs, group), fs->inode_blocks_per_group,
                       least, last);
        sound &= claim(state, place, "bitmap of blocks", ext2fs_block_bitmap_loc(fs, group), 1, least, last);
        sound &= claim(state, place, "bitmap of inodes", ext2fs_inode_bitmap_loc(fs, group), 1, least, last);
    }
    return sound;
}

}  // namespace

bool check_structure(HealthState& state) {
    check_state(state);
    if (!check_limits(state)) return false;
    check_features(state);
    state.used.open(state.fs);
    if (!claim_groups(state)) return false;
    state.used.count_clusters();
    const blk64_t protection = state.super().s_mmp_block;
    if (ext2fs_has_feature_mmp(state.fs->super) && protection > state.super().s_first_data_block &&
        protection < ext2fs_blocks_count(state.fs->super))
        state.used.mark(protection, 1);
    return true;
}

}  // namespace rpixen::ext4
