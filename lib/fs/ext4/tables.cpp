#include "fs/ext4/tables.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "fs/ext4/io.hpp"

namespace rpixen::ext4 {
namespace {

/// What Debian 12's mke2fs gives an ext4 (mke2fs.conf: base_features and ext4's own).
constexpr std::uint32_t compatible = EXT3_FEATURE_COMPAT_HAS_JOURNAL | EXT2_FEATURE_COMPAT_EXT_ATTR |
                                     EXT2_FEATURE_COMPAT_RESIZE_INODE | EXT2_FEATURE_COMPAT_DIR_INDEX;
constexpr std::uint32_t incompatible = EXT2_FEATURE_INCOMPAT_FILETYPE | EXT3_FEATURE_INCOMPAT_EXTENTS |
                                       EXT4_FEATURE_INCOMPAT_64BIT | EXT4_FEATURE_INCOMPAT_FLEX_BG;
constexpr std::uint32_t read_only_compatible = EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER | EXT2_FEATURE_RO_COMPAT_LARGE_FILE |
                                               EXT4_FEATURE_RO_COMPAT_HUGE_FILE | EXT4_FEATURE_RO_COMPAT_DIR_NLINK |
                                               EXT4_FEATURE_RO_COMPAT_EXTRA_ISIZE |
                                               EXT4_FEATURE_RO_COMPAT_METADATA_CSUM;

constexpr std::uint32_t groups_per_flex_log = 4;  // 16 groups, mke2fs's default

/// Superblock times have 32 bits and libext2fs takes 0 for "ask the clock".
std::uint32_t superblock_time(const Timestamp& time) {
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(time.seconds, 1, 0xffffffff));
}

ext2_super_block wished_superblock(const Ext4Parameters& parameters, const Geometry& geometry) {
    ext2_super_block wish{};
    ext2fs_blocks_count_set(&wish, geometry.block_count);
    ext2fs_r_blocks_count_set(&wish, parameters.reserved_blocks);
    wish.s_rev_level = EXT2_DYNAMIC_REV;
    wish.s_log_block_size = 2;  // 1024 << 2
    wish.s_inode_size = inode_size;
    wish.s_inodes_count = geometry.inode_count();
    wish.s_feature_compat = compatible;
    wish.s_feature_incompat = incompatible;
    wish.s_feature_ro_compat = read_only_compatible;
    wish.s_log_groups_per_flex = groups_per_flex_log;
    wish.s_desc_size = EXT2_MIN_DESC_SIZE_64BIT;
    wish.s_default_mount_opts = EXT2_DEFM_XATTR_USER | EXT2_DEFM_ACL;
    wish.s_reserved_gdt_blocks = static_cast<__u16>(descriptor_area - geometry.descriptor_blocks());
    return wish;
}

FileSystem open_new(const Ext4Parameters& parameters, const Geometry& geometry, Channel& channel) {
    ext2_super_block wish = wished_superblock(parameters, geometry);
    ext2_filsys raw = nullptr;
    channel.check(ext2fs_initialize("output", EXT2_FLAG_64BITS, &wish, channel.manager(), &raw), "begin a file system");
    FileSystem fs(raw);
    ext2_super_block& made = *fs->super;
    if (ext2fs_blocks_count(&made) != geometry.block_count || made.s_inodes_per_group != geometry.inodes_per_group ||
        fs->desc_blocks + made.s_reserved_gdt_blocks != descriptor_area)
        throw Error(ErrorCode::internal, "libext2fs chose another geometry than was planned");
    return fs;
}

void fill_superblock(ext2_filsys fs, const Ext4Parameters& parameters) {
    ext2_super_block& super = *fs->super;
    const std::uint32_t time = superblock_time(parameters.time);
    fs->now = static_cast<time_t>(time);
    super.s_mkfs_time = super.s_lastcheck = super.s_wtime = time;
    super.s_mkfs_time_hi = super.s_lastcheck_hi = super.s_wtime_hi = 0;
    std::memcpy(super.s_uuid, parameters.uuid.data(), parameters.uuid.size());
    std::memcpy(super.s_hash_seed, parameters.hash_seed.data(), parameters.hash_seed.size());
    std::memcpy(super.s_volume_name, parameters.label.data(), std::min<std::size_t>(16, parameters.label.size()));
    super.s_def_hash_version = EXT2_HASH_HALF_MD4;
    // libext2fs takes the signedness of char on the machine it runs on, which would make the bytes depend on
    // it.
    super.s_flags = EXT2_FLAGS_UNSIGNED_HASH;
    super.s_max_mnt_count = -1;
    super.s_checkinterval = 0;
    super.s_creator_os = EXT2_OS_LINUX;
    super.s_checksum_type = EXT2_CRC32C_CHKSUM;
    ext2fs_init_csum_seed(fs);
}

/// libext2fs asks for one block only: the double indirect one of the resize inode. It is told which.
thread_local blk64_t next_allocation = 0;
errcode_t give_block(ext2_filsys, blk64_t, blk64_t* result) noexcept {
    *result = std::exchange(next_allocation, 0);
    return *result == 0 ? EXT2_ET_BLOCK_ALLOC_FAIL : 0;
}

void make_resize_inode(ext2_filsys fs, std::uint32_t block, Channel& channel) {
    ext2fs_set_alloc_block_callback(fs, give_block, nullptr);
    next_allocation = block;
    channel.check(ext2fs_create_resize_inode(fs), "make the resize inode");
    ext2fs_set_alloc_block_callback(fs, nullptr, nullptr);
}

void make_journal_superblock(ext2_filsys fs, const GroupLayout& groups, const InodeBlock& journal, Channel& channel) {
    const std::uint32_t count = journal_blocks(groups.geometry.block_count);
    ext2fs_journal_params wish{};
    wish.num_journal_blocks = count;
    char* bytes = nullptr;
    channel.check(ext2fs_create_journal_superblock2(fs, &wish, 0, &bytes), "make the journal's superblock");
    const errcode_t result = io_channel_write_blk64(fs->io, groups.journal.front().first, 1, bytes);
    ext2fs_free_mem(&bytes);
    channel.check(result, "write the journal's superblock");

    ext2_super_block& super = *fs->super;
    super.s_journal_inum = journal_inode;
    // The superblock keeps a copy of the inode's extents and size, for the case that the inode is lost.
    super.s_jnl_backup_type = EXT3_JNL_BACKUP_BLOCKS;
    for (std::size_t word = 0; word < 15; ++word)
        super.s_jnl_blocks[word] = load_le<std::uint32_t>(journal.data() + 4 * word);
    super.s_jnl_blocks[15] = static_cast<__u32>(std::uint64_t{count} * block_size >> 32);
    super.s_jnl_blocks[16] = count * block_size;
}

void mark_bitmaps(ext2_filsys fs, const Ext4Layout& layout) {
    for (const BlockRun& run : layout.groups.used) ext2fs_mark_block_bitmap_range2(fs->block_map, run.first, run.count);
    for (std::uint32_t inode = 1; inode <= layout.content.inodes_used; ++inode)
        ext2fs_mark_inode_bitmap2(fs->inode_map, inode);
    ext2fs_mark_bb_dirty(fs);
    ext2fs_mark_ib_dirty(fs);
}

/// Used blocks of each group.
std::vector<std::uint32_t> used_by_group(const GroupLayout& groups) {
    std::vector<std::uint32_t> used(groups.geometry.group_count);
    for (BlockRun run : groups.used) {
        while (run.count != 0) {
            const std::uint32_t group = run.first / blocks_per_group;
            const std::uint32_t here = std::min(run.count, (group + 1) * blocks_per_group - run.first);
            used[group] += here;
            run = {run.first + here, run.count - here};
        }
    }
    return used;
}

void fill_descriptors(ext2_filsys fs, const Ext4Layout& layout, const DirectoryCounts& directories) {
    const GroupLayout& groups = layout.groups;
    const Geometry& geometry = groups.geometry;
    const std::vector<std::uint32_t> used = used_by_group(groups);
    std::uint64_t free_blocks = 0;
    std::uint32_t inodes_left = layout.content.inodes_used;
    for (std::uint32_t group = 0; group < geometry.group_count; ++group) {
        const bool last = group + 1 == geometry.group_count;
        const std::uint32_t blocks = last ? geometry.block_count - group * blocks_per_group : blocks_per_group;
        const std::uint32_t inodes = std::min(inodes_left, geometry.inodes_per_group);
        inodes_left -= inodes;
        free_blocks += blocks - used[group];

        ext2fs_block_bitmap_loc_set(fs, group, groups.block_bitmaps[group]);
        ext2fs_inode_bitmap_loc_set(fs, group, groups.inode_bitmaps[group]);
        ext2fs_inode_table_loc_set(fs, group, groups.inode_tables[group]);
        ext2fs_bg_free_blocks_count_set(fs, group, blocks - used[group]);
        ext2fs_bg_free_inodes_count_set(fs, group, geometry.inodes_per_group - inodes);
        ext2fs_bg_used_dirs_count_set(fs, group, directories[group]);
        ext2fs_bg_itable_unused_set(fs, group, geometry.inodes_per_group - inodes);

        ext2fs_bg_flags_zap(fs, group);
        // The unwritten rest of the tables reads as zeros, so the target need not write it.
        ext2fs_bg_flags_set(fs, group, EXT2_BG_INODE_ZEROED);
        if (inodes == 0) ext2fs_bg_flags_set(fs, group, EXT2_BG_INODE_UNINIT);
        // The kernel can make the bitmap of a group that holds nothing but the fixed place; libext2fs wants
        // the last one.
        if (!last && used[group] == (has_superblock(group) ? fixed_blocks : 0))
            ext2fs_bg_flags_set(fs, group, EXT2_BG_BLOCK_UNINIT);
        ext2fs_group_desc_csum_set(fs, group);
    }
    ext2fs_free_blocks_count_set(fs->super, free_blocks);
    fs->super->s_free_inodes_count = geometry.inode_count() - layout.content.inodes_used;
}

/// Blocks that df does not count as part of the disk (s_overhead_clusters); mke2fs counts the same.
std::uint32_t overhead(const Geometry& geometry) {
    std::uint32_t blocks = journal_blocks(geometry.block_count) + geometry.group_count * (2 + geometry.table_blocks());
    for (std::uint32_t group = 0; group < geometry.group_count; ++group)
        if (has_superblock(group)) blocks += fixed_blocks;
    return blocks;
}

}  // namespace

void write_tables(const Ext4Parameters& parameters, const Ext4Layout& layout, const DirectoryCounts& directories,
                  const InodeBlock& journal, PartitionOutput& partition) {
    PartitionMedium medium(partition);
    Channel channel(medium);
    FileSystem fs = open_new(parameters, layout.groups.geometry, channel);
    fill_superblock(fs.get(), parameters);
    for (std::uint32_t group = 0; group < layout.groups.geometry.group_count; ++group)
        ext2fs_inode_table_loc_set(fs.get(), group, layout.groups.inode_tables[group]);
    make_resize_inode(fs.get(), layout.groups.resize_block, channel);
    make_journal_superblock(fs.get(), layout.groups, journal, channel);
    mark_bitmaps(fs.get(), layout);
    fill_descriptors(fs.get(), layout, directories);
    fs->super->s_overhead_clusters = overhead(layout.groups.geometry);
    ext2fs_mark_super_dirty(fs.get());
    channel.check(ext2fs_close2(fs.get(), EXT2_FLAG_FLUSH_NO_SYNC), "write the superblocks");
    // ext2fs_close2 frees what it closed.
    static_cast<void>(fs.release());
}

}  // namespace rpixen::ext4
