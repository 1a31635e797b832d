#include "fs/ext4/health.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>

#include "fs/ext4/directory_check.hpp"
#include "fs/ext4/image_medium.hpp"
#include "fs/ext4/inode_check.hpp"
#include "fs/ext4/io.hpp"
#include "fs/ext4/structure_check.hpp"

namespace rpixen {
namespace {

using ext4::HealthReport;
using ext4::HealthState;
using ext4::InodeFacts;
using ext4::place_of;

class HealthCheck {
  public:
    HealthCheck(HealthReport& report, const Supervision& supervision)
        : report_(report), state_{nullptr, report, supervision} {}

    void run(const ContentSource& image, Range range) {
        inspect(image, range);
        if (channel_) channel_->rethrow();
    }

  private:
    void inspect(const ContentSource& image, Range range) {
        initialize_ext2_error_table();
        if (!open(image, range) || !ext4::check_structure(state_)) return;
        if (const errcode_t failure = ext2fs_read_bitmaps(fs_.get())) {
            report_.damage("bitmaps", "checksum", "readable bitmaps", ext4::words_of(failure));
            return;
        }
        if (fs_->flags & (EXT2_FLAG_BBITMAP_TAIL_PROBLEM | EXT2_FLAG_IBITMAP_TAIL_PROBLEM))
            report_.damage("bitmaps", "padding", "set bits behind the end", "others");
        ext4::QuotaCheck quota(state_);
        ext4::InodeCheck(state_, quota).run();
        ext4::DirectoryCheck(state_).run();
        check_links();
        check_value_inodes();
        check_inode_bitmap();
        compare_block_bitmaps();
        check_padding();
        quota.finish();
        ext4::check_named_files(state_);
    }

    bool open(const ContentSource& image, Range range) {
        // Not libext2fs' own unix_io: it brings the whole image to the disk when it opens it.
        medium_.emplace(image, range);
        channel_.emplace(*medium_);
        ext2_filsys opened = nullptr;
        const errcode_t failure = ext2fs_open2("image", nullptr, EXT2_FLAG_64BITS, 0, 0, channel_->manager(), &opened);
        fs_.reset(opened);
        if (failure) {
            fs_.reset();
            if (failure == EXT2_ET_UNSUPP_FEATURE || failure == EXT2_ET_RO_UNSUPP_FEATURE)
                report_.unproven("a feature of ext4 that this libext2fs does not know: nothing was looked at");
            else
                report_.damage("superblock", "damage", "a superblock of ext4", ext4::words_of(failure));
            return false;
        }
        state_.fs = fs_.get();
        const std::uint64_t bytes = ext2fs_blocks_count(fs_->super) * fs_->blocksize;
        if (bytes > range.size())
            report_.damage("superblock", "size", "at most " + std::to_string(range.size()), std::to_string(bytes));
        return bytes <= range.size();
    }

    /// Whether names lead to it: not to an inode that the superblock names for a use of its own.
    bool is_named(ext2_ino_t number) const {
        const ext2_super_block& super = state_.super();
        if (number < state_.first_inode()) return number == EXT2_ROOT_INO;
        return number != super.s_prj_quota_inum && number != super.s_orphan_file_inum;
    }

    void check_links() {
        for (ext2_ino_t number = 1; number < state_.inodes.size(); ++number) {
            InodeFacts facts = state_.inodes[number];
            if (!facts.used || !is_named(number)) continue;
            const auto value = state_.value_inodes.find(number);
            if (value != state_.value_inodes.end() && value->second.references != 0) facts.names = 1;
            const bool directory = facts.type == EXT2_FT_DIR;
            // A directory of more than 65,000 folders counts no more (dir_nlink).
            if (directory && facts.names > EXT2_LINK_MAX && ext2fs_has_feature_dir_nlink(fs_->super)) facts.names = 1;
            if (directory && facts.claimed == 1 && facts.names > 1 && facts.indexed) continue;
            report_.compare(place_of(number), "links", facts.names, facts.claimed);
        }
    }

    void check_value_inodes() {
        for (const auto& [number, value] : state_.value_inodes) {
            if (value.references == 0 || value.lustre) continue;
            report_.compare(place_of(number), "references to the value", value.references, value.claimed);
        }
    }

    void check_inode_bitmap() {
        const ext2_filsys fs = fs_.get();
        std::uint64_t all_free = 0;
        for (dgrp_t group = 0; group < fs->group_desc_count; ++group) {
            const std::uint32_t per_group = fs->super->s_inodes_per_group;
            const ext2_ino_t first = group * per_group + 1;
            std::uint32_t free = 0;
            std::uint32_t directories = 0;
            for (ext2_ino_t number = first; number < first + per_group; ++number) {
                const bool marked = ext2fs_test_inode_bitmap2(fs->inode_map, number) != 0;
                const bool used = number < state_.inodes.size() && state_.inodes[number].used;
                if (marked != used)
                    report_.damage(place_of(number), "bitmap", used ? "used" : "free", used ? "free" : "used");
                if (!marked)
                    ++free;
                else if (used && state_.inodes[number].type == EXT2_FT_DIR && is_named(number))
                    ++directories;
            }
            const std::string place = "group " + std::to_string(group);
            report_.compare(place, "free inodes", free, ext2fs_bg_free_inodes_count(fs, group));
            report_.compare(place, "directories", directories, ext2fs_bg_used_dirs_count(fs, group));
            all_free += free;
        }
        report_.compare("superblock", "free inodes", all_free, fs->super->s_free_inodes_count);
    }

    void compare_block_bitmaps() {
        const ext2_filsys fs = fs_.get();
        const std::uint64_t per_group = fs->super->s_clusters_per_group;
        const blk64_t begin = EXT2FS_B2C(fs, fs->super->s_first_data_block);
        const blk64_t end = EXT2FS_B2C(fs, ext2fs_blocks_count(fs->super) - 1) + 1;
        std::vector<std::uint8_t> expected((per_group + 7) / 8);
        std::vector<std::uint8_t> marked(expected.size());
        std::uint64_t all_free = 0;
        std::uint64_t wrong = 0;
        blk64_t first_wrong = 0;
        for (dgrp_t group = 0; group < fs->group_desc_count; ++group) {
            const blk64_t first = begin + group * per_group;
            const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(per_group, end - first));
            std::fill(expected.begin(), expected.end(), std::uint8_t{0});
            std::fill(marked.begin(), marked.end(), std::uint8_t{0});
            ext2fs_get_block_bitmap_range2(state_.used.map(), first, count, expected.data());
            ext2fs_get_block_bitmap_range2(fs->block_map, first, count, marked.data());
            std::uint64_t free = 0;
            for (std::size_t byte = 0; byte * 8 < count; ++byte) {
                const std::size_t bits = std::min<std::size_t>(8, count - byte * 8);
                const auto mask = static_cast<std::uint8_t>((1U << bits) - 1);
                const auto differing = static_cast<std::uint8_t>((expected[byte] ^ marked[byte]) & mask);
                free += bits - static_cast<std::size_t>(std::popcount(static_cast<std::uint8_t>(marked[byte] & mask)));
                if (differing && wrong == 0)
                    first_wrong = EXT2FS_C2B(fs, first + byte * 8 + static_cast<unsigned>(std::countr_zero(differing)));
                wrong += static_cast<std::size_t>(std::popcount(differing));
            }
            report_.compare("group " + std::to_string(group), "free blocks", free,
                            ext2fs_bg_free_blocks_count(fs, group));
            all_free += free;
        }
        if (wrong > 0)
            report_.damage("block bitmap", "bitmap", "exactly the used blocks",
                           std::to_string(wrong) + " wrong, the first " + std::to_string(first_wrong));
        report_.compare("superblock", "free blocks", EXT2FS_C2B(fs, all_free), ext2fs_free_blocks_count(fs->super));
    }

    /// The bits of the last group behind the end of the file system are set (e2fsck's check_block_end()).
    void check_padding() {
        const ext2_filsys fs = fs_.get();
        const blk64_t last = ext2fs_get_block_bitmap_start2(fs->block_map) +
                             EXT2_GROUPS_TO_CLUSTERS(fs->super, fs->group_desc_count) - 1;
        blk64_t end = 0;
        if (ext2fs_fudge_block_bitmap_end2(fs->block_map, last, &end) != 0) return;
        bool all = true;
        for (blk64_t cluster = end + 1; cluster <= last && all; ++cluster)
            all = ext2fs_test_block_bitmap2(fs->block_map, EXT2FS_C2B(fs, cluster)) != 0;
        ext2fs_fudge_block_bitmap_end2(fs->block_map, end, nullptr);
        if (!all) report_.damage("block bitmap", "padding", "set bits behind the end", "others");
    }

    HealthReport& report_;
    std::optional<ext4::ImageMedium> medium_;
    std::optional<ext4::Channel> channel_;
    ext4::FileSystem fs_;
    HealthState state_;
};

}  // namespace

void check_ext4(const ContentSourcePtr& image, Range range, std::vector<Problem>& problems,
                std::vector<std::string>& unproven, const Supervision& supervision) {
    HealthReport report(problems, unproven);
    HealthCheck(report, supervision).run(*image, range);
}

}  // namespace rpixen
