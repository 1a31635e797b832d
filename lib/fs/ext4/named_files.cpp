#include <algorithm>
#include <cstring>

#include "base/bytes.hpp"
#include "fs/ext4/structure_check.hpp"

namespace rpixen::ext4 {
namespace {

// The journal's superblock, big endian (Linux include/linux/jbd2.h).
constexpr std::uint32_t journal_magic = 0xc03b3998;
constexpr std::uint32_t least_journal = 1024;  ///< blocks
/// Revoke records, 64 bits, asynchronous commits, two forms of checksums, fast commits.
constexpr std::uint32_t known_incompatible = 0x3f;

class NamedFiles {
  public:
    explicit NamedFiles(HealthState& state) : state_(state), fs_(state.fs), bytes_(fs_->blocksize) {}

    void run() {
        check_journal();
        check_orphan_file();
        check_resize_inode();
        check_protection();
    }

  private:
    std::uint32_t big_endian(std::size_t offset) const {
        std::uint32_t value = 0;
        for (std::size_t byte = 0; byte < 4; ++byte)
            value = value << 8 | static_cast<std::uint8_t>(bytes_[offset + byte]);
        return value;
    }
    bool read(blk64_t block) {
        return state_.used.contains(block, 1) && io_channel_read_blk64(fs_->io, block, 1, bytes_.data()) == 0;
    }
    /// Block `number` of a file; 0 where there is none.
    blk64_t block_of(ext2_ino_t file, ext2_inode& inode, std::uint64_t number) const {
        blk64_t block = 0;
        return ext2fs_bmap2(fs_, file, &inode, nullptr, 0, number, nullptr, &block) == 0 ? block : 0;
    }
    static bool set(const std::uint8_t (&uuid)[16]) {
        return std::any_of(std::begin(uuid), std::end(uuid), [](std::uint8_t byte) { return byte != 0; });
    }

    void check_journal() {
        const ext2_super_block& super = state_.super();
        const bool feature = ext2fs_has_feature_journal(fs_->super) != 0;
        const auto refuse = [&](const std::string& expected, const std::string& found) {
            state_.report.damage("journal", "journal", expected, found);
        };
        if (super.s_journal_dev != 0 || set(super.s_journal_uuid)) {
            state_.report.unproven("the journal lies on another device, which was not looked at");
            return;
        }
        if (!feature) {
            if (super.s_journal_inum != 0) refuse("none without has_journal", place_of(super.s_journal_inum));
            return;
        }
        ext2_inode inode{};
        const ext2_ino_t number = super.s_journal_inum;
        if (number == 0 || number > super.s_inodes_count || ext2fs_read_inode(fs_, number, &inode) != 0 ||
            inode.i_links_count == 0 || !LINUX_S_ISREG(inode.i_mode) || (inode.i_flags & EXT4_ENCRYPT_FL)) {
            refuse("a file", place_of(number));
            return;
        }
        const std::uint64_t blocks = EXT2_I_SIZE(&inode) / fs_->blocksize;
        if (blocks < least_journal || block_of(number, inode, blocks - 1) == 0) {
            refuse("at least 1024 blocks, all of them there", std::to_string(blocks));
            return;
        }
        if (!read(block_of(number, inode, 0)) || big_endian(0) != journal_magic ||
            (big_endian(4) != 3 && big_endian(4) != 4) || big_endian(12) != fs_->blocksize || big_endian(16) > blocks) {
            refuse("the head of a journal", "none");
            return;
        }
        if (big_endian(4) == 4 && ((big_endian(40) & ~known_incompatible) != 0 || big_endian(44) != 0))
            refuse("one with known features", "others");
        if (big_endian(4) == 4 && big_endian(64) > 1) refuse("one file system's", "that of several");
        if (!ext2fs_has_feature_journal_needs_recovery(fs_->super) && big_endian(28) != 0)
            refuse("an empty one", "one that waits to be replayed");
        if (big_endian(32) != 0) refuse("one without errors", "error " + std::to_string(big_endian(32)));
    }

    void check_orphan_file() {
        const ext2_ino_t number = state_.super().s_orphan_file_inum;
        if (!ext2fs_has_feature_orphan_file(fs_->super)) return;
        const auto refuse = [&](const std::string& expected, const std::string& found) {
            state_.report.damage("orphan file", "blocks", expected, found);
        };
        ext2_inode inode{};
        if (number == 0 || number > state_.super().s_inodes_count || ext2fs_read_inode(fs_, number, &inode) != 0) {
            refuse("a file", place_of(number));
            return;
        }
        if (!ext2fs_has_feature_journal(fs_->super)) refuse("none without a journal", place_of(number));
        if (EXT2_I_SIZE(&inode) % fs_->blocksize != 0)
            refuse("whole blocks", std::to_string(EXT2_I_SIZE(&inode)) + " bytes");
        const std::uint64_t blocks = std::min<std::uint64_t>(EXT2_I_SIZE(&inode) / fs_->blocksize,
                                                             ext2fs_blocks_count(fs_->super));
        for (std::uint64_t index = 0; index < blocks && !state_.report.full(); ++index) {
            const blk64_t block = block_of(number, inode, index);
            if (block == 0 || !read(block)) {
                refuse("no holes", "one at block " + std::to_string(index));
                return;
            }
            if (ext2fs_orphan_block_tail(fs_, bytes_.data())->ob_magic != EXT4_ORPHAN_BLOCK_MAGIC ||
                !ext2fs_orphan_file_block_csum_verify(fs_, number, block, bytes_.data()))
                refuse("the end of such a block", "none in block " + std::to_string(index));
            const std::size_t size = static_cast<std::size_t>(ext2fs_inodes_per_orphan_block(fs_)) * 4;
            if (std::any_of(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(size),
                            [](char byte) { return byte != 0; }))
                refuse("no orphans", "some in block " + std::to_string(index));
        }
    }

    /// As check_resize_inode.
    void check_resize_inode() {
        ext2_inode inode{};
        if (ext2fs_read_inode(fs_, EXT2_RESIZE_INO, &inode) != 0) return;
        const auto refuse = [&](const std::string& expected) {
            state_.report.damage(place_of(EXT2_RESIZE_INO), "reserved descriptors", expected, "another inode");
        };
        unsigned filled = 0;
        for (const std::uint32_t block : inode.i_block) filled += block != 0;
        if (!ext2fs_has_feature_resize_inode(fs_->super)) {
            if (filled != 0) refuse("none without resize_inode");
            return;
        }
        const blk64_t root = inode.i_block[EXT2_DIND_BLOCK];
        if (filled != 1 || root == 0 || inode.i_links_count == 0 || !(inode.i_mode & LINUX_S_IFREG) || !read(root) ||
            !leads_to_descriptors())
            refuse("a map of them");
    }

    /// bytes_ holds the root of the map.
    bool leads_to_descriptors() {
        std::vector<std::uint32_t> map(fs_->blocksize / 4);
        std::memcpy(map.data(), bytes_.data(), bytes_.size());
        const ext2_super_block& super = state_.super();
        std::uint64_t offset = fs_->desc_blocks;
        std::uint64_t block = super.s_first_data_block + 1ULL + fs_->desc_blocks;
        if (fs_->blocksize == 1024 && super.s_first_data_block == 0) ++block;  // bigalloc
        for (unsigned index = 0; index < super.s_reserved_gdt_blocks / 4U; ++index, ++offset, ++block) {
            if (map[offset % map.size()] != block || !read(block)) return false;
            std::size_t entry = 0;
            for (dgrp_t group = 1; group < fs_->group_desc_count && entry < map.size(); ++group) {
                if (!ext2fs_bg_has_super(fs_, group)) continue;
                std::uint32_t found = 0;
                std::memcpy(&found, bytes_.data() + entry++ * 4, 4);
                if (found != block + EXT2_GROUPS_TO_BLOCKS(fs_->super, group)) return false;
            }
        }
        return true;
    }

    void check_protection() {
        if (!ext2fs_has_feature_mmp(fs_->super)) return;
        const blk64_t block = state_.super().s_mmp_block;
        mmp_struct found{};
        if (block <= state_.super().s_first_data_block || !read(block)) {
            state_.report.damage("superblock", "multi-mount protection", "a block", std::to_string(block));
            return;
        }
        std::memcpy(&found, bytes_.data(), std::min(bytes_.size(), sizeof found));
        if (found.mmp_magic != EXT4_MMP_MAGIC ||
            !ext2fs_mmp_csum_verify(fs_, reinterpret_cast<mmp_struct*>(bytes_.data())))
            state_.report.damage("block " + std::to_string(block), "multi-mount protection", "its magic",
                                 "another one");
    }

    HealthState& state_;
    ext2_filsys fs_;
    std::vector<char> bytes_;
};

}  // namespace

void check_named_files(HealthState& state) {
    NamedFiles(state).run();
}

}  // namespace rpixen::ext4
