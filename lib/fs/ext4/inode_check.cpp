#include "fs/ext4/inode_check.hpp"

#include <cstring>

#include "base/handle.hpp"
#include "fs/ext4/io.hpp"

namespace rpixen::ext4 {
namespace {

using Scan = Handle<ext2_struct_inode_scan, ext2fs_close_inode_scan>;

/// The type as a directory's entry has it (include/linux/fs_types.h); 0 where there is none.
std::uint8_t type_of(std::uint16_t mode) {
    if (LINUX_S_ISREG(mode)) return EXT2_FT_REG_FILE;
    if (LINUX_S_ISDIR(mode)) return EXT2_FT_DIR;
    if (LINUX_S_ISCHR(mode)) return EXT2_FT_CHRDEV;
    if (LINUX_S_ISBLK(mode)) return EXT2_FT_BLKDEV;
    if (LINUX_S_ISFIFO(mode)) return EXT2_FT_FIFO;
    if (LINUX_S_ISSOCK(mode)) return EXT2_FT_SOCK;
    if (LINUX_S_ISLNK(mode)) return EXT2_FT_SYMLINK;
    return EXT2_FT_UNKNOWN;
}

bool any(const ext2_inode& inode) {
    return inode.i_links_count != 0 || inode.i_blocks != 0 || inode.i_block[0] != 0;
}

/// The largest file that a map of direct and indirect blocks reaches (bytes).
std::uint64_t most_mapped(std::uint64_t block_size) {
    const std::uint64_t entries = block_size / 4;
    return (EXT2_NDIR_BLOCKS + entries + entries * entries + entries * entries * entries) * block_size;
}

}  // namespace

InodeCheck::InodeCheck(HealthState& state, QuotaCheck& quota)
    : state_(state), quota_(quota), fs_(state.fs), inode_(state.fs), attributes_(state) {
    // In a file system of 1970 a time of deletion may be as small as an inode's number.
    for (const std::uint32_t time : {fs_->super->s_wtime, fs_->super->s_mtime, fs_->super->s_mkfs_time})
        if (time != 0 && time < fs_->super->s_inodes_count) deletion_times_tell_ = false;
}

void InodeCheck::damage(ext2_ino_t number, const std::string& what, const std::string& expected,
                        const std::string& found) {
    state_.report.damage(place_of(number), what, expected, found);
}

void InodeCheck::run() {
    ext2_inode_scan opened = nullptr;
    if (const errcode_t failure = ext2fs_open_inode_scan(fs_, 0, &opened)) {
        state_.report.damage("inode tables", "damage", "readable", words_of(failure));
        return;
    }
    const Scan scan(opened);
    while (!state_.report.full()) {
        state_.supervision.check();
        ext2_ino_t number = 0;
        const errcode_t failure = ext2fs_get_next_inode_full(scan.get(), &number, inode_.small(),
                                                             static_cast<int>(EXT2_INODE_SIZE(fs_->super)));
        if (failure)
            state_.report.damage(number ? place_of(number) : "inode tables", "checksum", "right", words_of(failure));
        if (!number) break;
        if (!failure || failure == EXT2_ET_INODE_CSUM_INVALID) take(number);
    }
    attributes_.finish();
}

/// Whether the superblock names the inode for a use of its own, in whose place no name leads.
bool InodeCheck::special(ext2_ino_t number) const {
    const ext2_super_block& super = *fs_->super;
    return number < state_.first_inode() ? number != EXT2_ROOT_INO
                                         : (number == super.s_prj_quota_inum && super.s_prj_quota_inum != 0) ||
                                               number == super.s_orphan_file_inum;
}

/// True where nobody uses the inode.
bool InodeCheck::take_free(ext2_ino_t number) {
    if (inode().i_links_count != 0 || special(number)) return false;
    if (number >= state_.first_inode() && inode().i_dtime == 0 && inode().i_mode != 0)
        damage(number, "time of deletion", "one, of a deleted file", "none");
    return true;
}

void InodeCheck::take(ext2_ino_t number) {
    if (inode().i_dtime != 0 && deletion_times_tell_ && inode().i_dtime < fs_->super->s_inodes_count)
        damage(number, "time of deletion", "a time", "the place in a list of orphans");
    if (take_free(number)) return;
    InodeFacts& facts = state_.facts_of(number);
    facts.used = true;
    facts.claimed = inode().i_links_count;
    facts.type = type_of(inode().i_mode);
    facts.encrypted = has(EXT4_ENCRYPT_FL);
    facts.casefolded = has(EXT4_CASEFOLD_FL);
    facts.indexed = has(EXT2_INDEX_FL);
    if (special(number)) {
        take_special(number);
        return;
    }
    if (inode().i_dtime != 0) damage(number, "time of deletion", "none", std::to_string(inode().i_dtime));
    check_flags(number);
    check_fields(number);
    const AttributeCheck::Charge charge = attributes_.take_inode(number, inode_);
    check_times(number);
    check_type(number);
    take_content(number, charge);
}

void InodeCheck::take_special(ext2_ino_t number) {
    const ext2_super_block& super = *fs_->super;
    const bool regular = LINUX_S_ISREG(inode().i_mode);
    bool needed = false;
    bool mode_is_right = true;
    if (number == EXT2_BAD_INO) {
        if (inode().i_mode != 0 || inode().i_links_count != 0 || inode().i_uid != 0 || inode().i_gid != 0 ||
            inode().i_file_acl != 0 || has(EXT4_INLINE_DATA_FL))
            damage(number, "list of bad blocks", "an inode with nothing but blocks", "other fields");
        needed = true;
    } else if (number == EXT2_JOURNAL_INO) {
        needed = super.s_journal_inum == EXT2_JOURNAL_INO;
        mode_is_right = regular;
    } else if (number == EXT4_USR_QUOTA_INO || number == EXT4_GRP_QUOTA_INO || number == super.s_prj_quota_inum) {
        needed = ext2fs_has_feature_quota(fs_->super) &&
                 (number == super.s_usr_quota_inum || number == super.s_grp_quota_inum ||
                  number == super.s_prj_quota_inum);
        mode_is_right = regular;
    } else if (number == super.s_orphan_file_inum) {
        needed = ext2fs_has_feature_orphan_file(fs_->super) != 0;
        mode_is_right = regular;
    } else {
        needed = true;
        mode_is_right = number == EXT2_BOOT_LOADER_INO ? !LINUX_S_ISDIR(inode().i_mode)
                        : number == EXT2_RESIZE_INO    ? inode().i_mode == 0 || regular
                                                       : inode().i_mode == 0;
    }
    if (!needed) {
        if (any(inode())) damage(number, "use", "none, as no feature needs it", "it is filled");
        if (number < state_.first_inode()) return;
    }
    if (!mode_is_right) damage(number, "mode", "that of its use", std::to_string(inode().i_mode));
    take_content(number, {});
}

void InodeCheck::check_flags(ext2_ino_t number) {
    const bool directory = LINUX_S_ISDIR(inode().i_mode);
    const bool regular = LINUX_S_ISREG(inode().i_mode);
    const auto refuse = [&](const char* expected, const char* found) { damage(number, "flags", expected, found); };
    if (has(EXT4_CASEFOLD_FL) && !(directory && ext2fs_has_feature_casefold(fs_->super)))
        refuse("casefold at directories only, with its feature", "it is set");
    if (has(EXT4_EA_INODE_FL)) {
        if (!regular) refuse("values of attributes in files", "it is set");
        ValueInode& value = state_.value_inodes[number];
        value.flagged = true;
        value.claimed = ext2fs_get_ea_inode_ref(&inode());
        value.lustre = inode().i_ctime == inode().i_atime;
    }
    if (has(EXT4_INLINE_DATA_FL)) {
        if (has(EXT4_EXTENTS_FL)) refuse("data in the inode, or extents", "both");
        if (!ext2fs_has_feature_inline_data(fs_->super))
            refuse("data in the inode with its feature only", "it is set");
        else if (!inline_size(number) || !attributes_.has(number, "system.data"))  // libext2fs does without, if it is
                                                                                   // short
            damage(number, "data in the inode", "an attribute that holds it", "none");
    }
    if (has(EXT4_EXTENTS_FL) && !ext2fs_has_feature_extents(fs_->super))
        refuse("extents with their feature only", "it is set");
    if (!has(EXT4_EXTENTS_FL) && ext2fs_has_feature_extents(fs_->super) && (regular || directory) &&
        !has(EXT4_INLINE_DATA_FL) && ext2fs_extent_header_verify(inode().i_block, sizeof inode().i_block) == 0)
        refuse("extents, as there is a tree of them", "it is not set");
    if (has(EXT2_IMAGIC_FL) && !ext2fs_has_feature_imagic_inodes(fs_->super))
        refuse("imagic with its feature only", "it is set");
    if (has(EXT4_ENCRYPT_FL)) {
        state_.report.unproven("encrypted names and contents: only their structures were looked at");
        if (!attributes_.has(number, "c")) refuse("a policy of encryption", "none");
    }
    if (has(EXT4_VERITY_FL)) state_.report.unproven("files under fs-verity: their hash trees were not computed");
    if (has(EXT2_INDEX_FL)) check_index(number);
}

void InodeCheck::check_index(ext2_ino_t number) {
    if (!LINUX_S_ISDIR(inode().i_mode) || !ext2fs_has_feature_dir_index(fs_->super))
        damage(number, "flags", "an index at directories only, with its feature", "it is set");
}

void InodeCheck::check_fields(ext2_ino_t number) {
    const bool directory = LINUX_S_ISDIR(inode().i_mode);
    if (number == EXT2_ROOT_INO && !directory) damage(number, "mode", "a directory", "another type");
    const auto zero = [&](const char* what, std::uint64_t found) {
        state_.report.compare(place_of(number), what, 0, found);
    };
    zero("fragment", inode().i_faddr);
    if (directory && !ext2fs_has_feature_largedir(fs_->super)) zero("size, upper half", inode().i_size_high);
    if (!ext2fs_has_feature_64bit(fs_->super))
        zero("attribute block, upper half", inode().osd2.linux2.l_i_file_acl_high);
    if (!ext2fs_has_feature_huge_file(fs_->super)) zero("block count, upper half", inode().osd2.linux2.l_i_blocks_hi);
}

/// Times before 1970 with the years after 2310 that old kernels wrote for them.
void InodeCheck::check_times(ext2_ino_t number) {
    const std::size_t extra = EXT2_INODE_SIZE(fs_->super) > EXT2_GOOD_OLD_INODE_SIZE ? inode_.large()->i_extra_isize
                                                                                     : 0;
    const std::size_t most = EXT2_INODE_SIZE(fs_->super) - EXT2_GOOD_OLD_INODE_SIZE;
    if (EXT2_INODE_SIZE(fs_->super) == EXT2_GOOD_OLD_INODE_SIZE || extra + 4 >= most) return;
    const ext2_inode_large& large = *inode_.large();
    const auto wrong = [](std::uint32_t time, std::uint32_t more) {
        return (time >> 31) != 0 && (more & EXT4_EPOCH_MASK) == EXT4_EPOCH_MASK;
    };
    if (wrong(large.i_atime, large.i_atime_extra) || wrong(large.i_ctime, large.i_ctime_extra) ||
        wrong(large.i_crtime, large.i_crtime_extra) || wrong(large.i_mtime, large.i_mtime_extra))
        damage(number, "time", "one before the year 2310", "a later one");
}

void InodeCheck::check_type(ext2_ino_t number) {
    switch (type_of(inode().i_mode)) {
        case EXT2_FT_REG_FILE:
        case EXT2_FT_DIR:
            return;
        case EXT2_FT_SYMLINK:
            check_symlink(number);
            return;
        case EXT2_FT_UNKNOWN:
            damage(number, "mode", "that of a type", std::to_string(inode().i_mode));
            return;
        default:
            check_device(number);
    }
}

void InodeCheck::check_device(ext2_ino_t number) {
    if (has(EXT2_INDEX_FL | EXT4_EXTENTS_FL | EXT4_INLINE_DATA_FL | EXT2_IMMUTABLE_FL | EXT2_APPEND_FL))
        damage(number, "flags", "none of content", "some");
    state_.report.compare(place_of(number), "size", 0, EXT2_I_SIZE(&inode()));
}

std::optional<std::size_t> InodeCheck::inline_size(ext2_ino_t number) {
    std::size_t size = 0;
    if (ext2fs_inline_data_size(fs_, number, &size) != 0) return std::nullopt;
    return size;
}

/// As e2fsck_pass1_check_symlink.
bool InodeCheck::symlink_is_right(ext2_ino_t number) {
    const std::uint64_t size = inode().i_size;
    if (inode().i_size_high != 0 || size == 0 || has(EXT2_INDEX_FL)) return false;
    if (has(EXT4_INLINE_DATA_FL)) return !has(EXT4_EXTENTS_FL) && inline_size(number) == size;
    std::vector<char> target;
    if (ext2fs_is_fast_symlink(&inode())) {
        if (has(EXT4_EXTENTS_FL)) return false;
        const char* bytes = reinterpret_cast<const char*>(inode().i_block);
        target.assign(bytes, bytes + sizeof inode().i_block);
    } else {
        blk64_t block = 0;
        blk64_t second = 0;
        if (ext2fs_bmap2(fs_, number, &inode(), nullptr, 0, 0, nullptr, &block) != 0 ||
            ext2fs_bmap2(fs_, number, &inode(), nullptr, 0, 1, nullptr, &second) != 0 || second != 0 ||
            !state_.used.contains(block, 1))
            return false;
        target.resize(fs_->blocksize);
        if (io_channel_read_blk64(fs_->io, block, 1, target.data()) != 0) return false;
    }
    std::size_t length = strnlen(target.data(), target.size());
    if (has(EXT4_ENCRYPT_FL))
        length = 2 + (static_cast<std::uint8_t>(target[0]) | std::size_t{static_cast<std::uint8_t>(target[1])} << 8);
    return length < target.size() && length == size;
}

void InodeCheck::check_symlink(ext2_ino_t number) {
    if (!symlink_is_right(number))
        damage(number, "symlink", "a target as long as its size", std::to_string(EXT2_I_SIZE(&inode())) + " bytes");
    if (has(EXT2_IMMUTABLE_FL | EXT2_APPEND_FL)) damage(number, "flags", "none of content", "some");
}

void InodeCheck::take_content(ext2_ino_t number, const AttributeCheck::Charge& in_inode) {
    const bool directory = LINUX_S_ISDIR(inode().i_mode);
    const AttributeCheck::Charge in_block = attributes_.take_block(number, inode());
    DirectoryFacts facts{number, inode().i_flags, EXT2_I_SIZE(&inode()), {}};
    const BlockTally tally = BlockCheck(state_, number, inode(), directory ? &facts.blocks : nullptr).run();
    const std::uint64_t clusters = tally.clusters + EXT2FS_B2C(fs_, in_inode.blocks) + EXT2FS_B2C(fs_, in_block.blocks);
    check_size(number, tally);
    const bool charged_in_blocks = ext2fs_has_feature_huge_file(fs_->super) && has(EXT4_HUGE_FILE_FL);
    const std::uint64_t blocks = EXT2FS_C2B(fs_, clusters) * (charged_in_blocks ? 1 : fs_->blocksize / 512);
    // Data in a symlink's inode: e2fsck counts nothing there.
    if (!(LINUX_S_ISLNK(inode().i_mode) && has(EXT4_INLINE_DATA_FL)))
        state_.report.compare(place_of(number), "block count", blocks, ext2fs_inode_i_blocks(fs_, &inode()));
    if (ext2fs_has_feature_bigalloc(fs_->super) && (directory || LINUX_S_ISREG(inode().i_mode)) &&
        ext2fs_inode_data_blocks2(fs_, &inode()) > 0 && !special(number) && !has(EXT4_EXTENTS_FL | EXT4_INLINE_DATA_FL))
        damage(number, "map", "extents, as clusters need them", "a map of blocks");
    if (directory && !special(number)) {
        if (tally.clusters == 0 && in_block.blocks == 0 && !has(EXT4_INLINE_DATA_FL))
            damage(number, "directory", "a block", "none");
        state_.directories.push_back(std::move(facts));
    }
    if (!special(number) && !has(EXT4_EA_INODE_FL))
        quota_.charge(*inode_.large(), clusters * static_cast<std::uint64_t>(EXT2_CLUSTER_SIZE(fs_->super)),
                      1 + in_inode.inodes + in_block.inodes);
}

void InodeCheck::check_size(ext2_ino_t number, const BlockTally& tally) {
    const std::uint64_t size = EXT2_I_SIZE(&inode());
    const std::uint64_t block = fs_->blocksize;
    const auto blocks = static_cast<std::uint64_t>(tally.last + 1);
    bool right = true;
    if (LINUX_S_ISDIR(inode().i_mode)) {
        if (has(EXT4_INLINE_DATA_FL))
            right = inline_size(number) == size;
        else
            right = size % block == 0 && size / block <= blocks &&
                    blocks - size / block <= fs_->super->s_prealloc_dir_blocks;
    } else if (!LINUX_S_ISLNK(inode().i_mode)) {
        const bool extents = ext2fs_has_feature_extents(fs_->super) && has(EXT4_EXTENTS_FL);
        if (tally.last_initialized >= 0 && !has(EXT4_VERITY_FL) &&
            size < static_cast<std::uint64_t>(tally.last_initialized) * block)
            right = false;
        else
            right = size <= (extents ? (block << 32) - 1 : most_mapped(block));
    }
    if (LINUX_S_ISREG(inode().i_mode) && !ext2fs_has_feature_large_file(fs_->super) &&
        ext2fs_needs_large_file_feature(size))
        damage(number, "size", "less than 2 GiB without large_file", std::to_string(size));
    if (!right) damage(number, "size", "that of its " + std::to_string(blocks) + " blocks", std::to_string(size));
}

}  // namespace rpixen::ext4
