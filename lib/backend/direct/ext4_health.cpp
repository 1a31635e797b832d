#include "backend/direct/ext4_health.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <exception>
#include <optional>
#include <set>

#include "backend/direct/image_medium.hpp"
#include "backend/direct/libext2fs.hpp"
#include "base/handle.hpp"

namespace rpixen {
namespace {

using BlockBitmap = Handle<ext2fs_struct_generic_bitmap_base, ext2fs_free_block_bitmap>;
using Scan = Handle<ext2_struct_inode_scan, ext2fs_close_inode_scan>;

constexpr std::size_t most_problems = 1000;

std::string words(errcode_t code) {
    return error_message(code);
}

class HealthCheck {
  public:
    HealthCheck(std::vector<Problem>& problems, const Supervision& supervision)
        : problems_(problems), limit_(problems.size() + most_problems), supervision_(supervision) {}

    void run(const ContentSource& image, Range range) {
        inspect(image, range);
        if (channel_) channel_->rethrow();
    }

  private:
    void inspect(const ContentSource& image, Range range) {
        initialize_ext2_error_table();
        if (!open(image, range)) return;
        check_superblock();
        check_group_checksums();
        if (const errcode_t failure = ext2fs_read_bitmaps(fs_.get())) {
            add("bitmaps", "checksum", "readable bitmaps", words(failure));
            return;
        }
        if (!mark_metadata()) return;
        scan_inodes();
        check_links();
        check_inode_bitmap();
        compare_bitmaps();
    }

    void add(const std::string& path, const std::string& what, const std::string& expected,
             const std::string& found) {
        if (problems_.size() >= limit_) return;
        Problem problem{"damaged: " + what, found, expected, {}, {}};
        problem.location.pointer = path;
        problems_.push_back(std::move(problem));
    }
    void compare(const std::string& path, const std::string& what, std::uint64_t expected,
                 std::uint64_t found) {
        if (expected != found) add(path, what, std::to_string(expected), std::to_string(found));
    }

    bool open(const ContentSource& image, Range range) {
        // Not libext2fs' own unix_io: it brings the whole image to the disk when it opens it.
        medium_.emplace(image, range);
        channel_.emplace(*medium_);
        ext2_filsys opened = nullptr;
        const errcode_t failure =
            ext2fs_open2("image", nullptr, EXT2_FLAG_64BITS, 0, 0, channel_->manager(), &opened);
        fs_.reset(opened);
        if (failure) {
            fs_.reset();
            add("superblock", "damage", "a superblock of ext4", words(failure));
            return false;
        }
        const std::uint64_t bytes = ext2fs_blocks_count(fs_->super) * fs_->blocksize;
        if (bytes > range.size())
            add("superblock", "size", "at most " + std::to_string(range.size()), std::to_string(bytes));
        return bytes <= range.size();
    }

    void check_superblock() {
        if (!(fs_->super->s_state & EXT2_VALID_FS) || (fs_->super->s_state & EXT2_ERROR_FS))
            add("superblock", "state", "clean", "state " + std::to_string(fs_->super->s_state));
        if (ext2fs_has_feature_journal_needs_recovery(fs_->super))
            add("superblock", "state", "an empty journal", "a journal that waits to be replayed");
        if (fs_->super->s_last_orphan != 0)
            add("superblock", "state", "no orphans",
                "orphan inode " + std::to_string(fs_->super->s_last_orphan));
    }

    void check_group_checksums() {
        for (dgrp_t group = 0; group < fs_->group_desc_count; ++group)
            if (!ext2fs_group_desc_csum_verify(fs_.get(), group))
                add("group " + std::to_string(group), "checksum", "right", "wrong");
    }

    bool mark_metadata() {
        ext2fs_block_bitmap used = nullptr;
        if (const errcode_t failure = ext2fs_allocate_block_bitmap(fs_.get(), "used blocks", &used)) {
            add("bitmaps", "damage", "readable", words(failure));
            return false;
        }
        used_.reset(used);
        for (dgrp_t group = 0; group < fs_->group_desc_count; ++group) {
            ext2fs_reserve_super_and_bgd(fs_.get(), group, used);
            own(ext2fs_block_bitmap_loc(fs_.get(), group), 1, "group " + std::to_string(group));
            own(ext2fs_inode_bitmap_loc(fs_.get(), group), 1, "group " + std::to_string(group));
            own(ext2fs_inode_table_loc(fs_.get(), group), fs_->inode_blocks_per_group,
                "group " + std::to_string(group));
        }
        return true;
    }

    bool in_range(blk64_t block, std::uint64_t count) const {
        const blk64_t end = ext2fs_blocks_count(fs_->super);
        return block >= fs_->super->s_first_data_block && block < end && count <= end - block;
    }

    void own(blk64_t first, std::uint64_t count, const std::string& owner) {
        if (!in_range(first, count)) {
            add(owner, "block", "a block of the file system", std::to_string(first));
            return;
        }
        for (blk64_t block = first; block < first + count; ++block)
            if (ext2fs_mark_block_bitmap2(used_.get(), block))
                add(owner, "block", "blocks of its own", "block " + std::to_string(block) + " is used twice");
    }

    struct Links {
        std::uint32_t names = 0;    ///< as the directories say
        std::uint16_t claimed = 0;  ///< as the inode says
        bool alive = false;
    };

    /// `number` was checked against the number of inodes, which libext2fs has held against that of groups.
    Links& links_of(ext2_ino_t number) {
        if (number >= links_.size()) links_.resize(std::size_t{number} + 1);
        return links_[number];
    }

    static std::string name_of_inode(ext2_ino_t number) { return "inode " + std::to_string(number); }

    void scan_inodes() {
        ext2_inode_scan opened = nullptr;
        if (const errcode_t failure = ext2fs_open_inode_scan(fs_.get(), 0, &opened)) {
            add("inode tables", "damage", "readable", words(failure));
            return;
        }
        const Scan scan(opened);
        while (true) {
            supervision_.check();
            ext2_ino_t number = 0;
            ext2_inode_large inode{};
            const errcode_t failure = ext2fs_get_next_inode_full(
                scan.get(), &number, reinterpret_cast<ext2_inode*>(&inode), sizeof inode);
            if (failure)
                add(number ? name_of_inode(number) : "inode tables", "checksum", "right", words(failure));
            if (failure && !number) return;
            if (!number) return;
            if (!failure) take_inode(number, reinterpret_cast<ext2_inode&>(inode));
        }
    }

    void take_inode(ext2_ino_t number, ext2_inode& inode) {
        const bool reserved = number < EXT2_FIRST_INO(fs_->super);
        const bool alive = inode.i_links_count > 0 || reserved;
        if (!alive) return;
        if (!ext2fs_test_inode_bitmap2(fs_->inode_map, number))
            add(name_of_inode(number), "bitmap", "used", "free");
        links_of(number).claimed = inode.i_links_count;
        links_of(number).alive = true;
        ++alive_;
        if (LINUX_S_ISDIR(inode.i_mode)) ++directories_;
        take_attribute_block(number, inode);
        if (ext2fs_inode_has_valid_blocks2(fs_.get(), &inode)) take_blocks(number);
        if (LINUX_S_ISDIR(inode.i_mode)) take_directory(number);
    }

    void take_attribute_block(ext2_ino_t number, ext2_inode& inode) {
        const blk64_t block = ext2fs_file_acl_block(fs_.get(), &inode);
        // Files may share one.
        if (block == 0 || !attribute_blocks_.insert(block).second) return;
        own(block, 1, name_of_inode(number));
        std::string buffer(fs_->blocksize, '\0');
        if (in_range(block, 1))
            if (const errcode_t failure = ext2fs_read_ext_attr3(fs_.get(), block, buffer.data(), number))
                add(name_of_inode(number), "attributes", "readable", words(failure));
    }

    /// What a callback of libext2fs works for; it must not let an exception through C code.
    struct Visit {
        HealthCheck* check;
        ext2_ino_t number;
        std::exception_ptr failure{};
    };

    void take_blocks(ext2_ino_t number) {
        Visit visit{this, number};
        const auto take = [](ext2_filsys, blk64_t* block, e2_blkcnt_t, blk64_t, int,
                             void* opaque) noexcept -> int {
            Visit& at = *static_cast<Visit*>(opaque);
            try {
                // The resize inode owns what ext2fs_reserve_super_and_bgd() has already marked.
                if (at.number == EXT2_RESIZE_INO && at.check->in_range(*block, 1))
                    ext2fs_mark_block_bitmap2(at.check->used_.get(), *block);
                else
                    at.check->own(*block, 1, name_of_inode(at.number));
                return 0;
            } catch (...) {
                at.failure = std::current_exception();
                return BLOCK_ABORT;
            }
        };
        const errcode_t failure =
            ext2fs_block_iterate3(fs_.get(), number, BLOCK_FLAG_READ_ONLY, nullptr, take, &visit);
        if (visit.failure) std::rethrow_exception(visit.failure);
        if (failure) add(name_of_inode(number), "extents", "readable", words(failure));
    }

    void take_directory(ext2_ino_t number) {
        Visit visit{this, number};
        const auto take = [](ext2_ino_t, int, ext2_dir_entry* entry, int, int, char*,
                             void* opaque) noexcept -> int {
            Visit& at = *static_cast<Visit*>(opaque);
            try {
                if (entry->inode > at.check->fs_->super->s_inodes_count)
                    at.check->add(name_of_inode(entry->inode), "links", "0", "1 names of a free inode");
                else if (entry->inode != 0)
                    ++at.check->links_of(entry->inode).names;
                return 0;
            } catch (...) {
                at.failure = std::current_exception();
                return DIRENT_ABORT;
            }
        };
        const errcode_t failure = ext2fs_dir_iterate2(fs_.get(), number, 0, nullptr, take, &visit);
        if (visit.failure) std::rethrow_exception(visit.failure);
        if (failure) add(name_of_inode(number), "directory", "readable", words(failure));
    }

    void check_links() {
        for (ext2_ino_t number = 1; number < links_.size(); ++number) {
            const Links& links = links_[number];
            if (!links.alive) {
                if (links.names != 0)
                    add(name_of_inode(number), "links", "0",
                        std::to_string(links.names) + " names of a free inode");
                continue;
            }
            if (number < EXT2_FIRST_INO(fs_->super) && number != EXT2_ROOT_INO) continue;
            // A directory of more than 65,000 folders counts no more (dir_nlink).
            if (links.claimed == 1 && links.names > 1) continue;
            compare(name_of_inode(number), "links", links.names, links.claimed);
        }
    }

    void check_inode_bitmap() {
        ext2_ino_t marked = 1;
        for (; ext2fs_find_first_set_inode_bitmap2(fs_->inode_map, marked, fs_->super->s_inodes_count,
                                                   &marked) == 0;
             ++marked) {
            if (marked >= links_.size() || !links_[marked].alive)
                add(name_of_inode(marked), "bitmap", "free", "used");
            if (marked == fs_->super->s_inodes_count) break;
        }
    }

    void compare_bitmaps() {
        std::uint64_t free_blocks = 0;
        std::uint64_t wrong = 0;
        blk64_t first_wrong = 0;
        // Many blocks at once: a card has millions of them.
        constexpr std::size_t step = 32768;
        std::array<std::uint8_t, step / 8> expected{};
        std::array<std::uint8_t, step / 8> marked{};
        const blk64_t end = ext2fs_blocks_count(fs_->super);
        for (blk64_t block = fs_->super->s_first_data_block; block < end; block += step) {
            const std::size_t count = std::min<blk64_t>(step, end - block);
            expected.fill(0);
            marked.fill(0);
            ext2fs_get_block_bitmap_range2(used_.get(), block, count, expected.data());
            ext2fs_get_block_bitmap_range2(fs_->block_map, block, count, marked.data());
            for (std::size_t byte = 0; byte * 8 < count; ++byte) {
                const std::size_t bits = std::min<std::size_t>(8, count - byte * 8);
                const auto mask = static_cast<std::uint8_t>((1U << bits) - 1);
                const auto differing = static_cast<std::uint8_t>((expected[byte] ^ marked[byte]) & mask);
                free_blocks += bits - static_cast<std::size_t>(
                                          std::popcount(static_cast<std::uint8_t>(marked[byte] & mask)));
                if (differing && wrong == 0)
                    first_wrong = block + byte * 8 + static_cast<unsigned>(std::countr_zero(differing));
                wrong += static_cast<std::size_t>(std::popcount(differing));
            }
        }
        if (wrong > 0)
            add("block bitmap", "bitmap", "exactly the used blocks",
                std::to_string(wrong) + " blocks wrong, the first " + std::to_string(first_wrong));
        compare("superblock", "free blocks", free_blocks, ext2fs_free_blocks_count(fs_->super));
        compare("superblock", "free inodes", fs_->super->s_inodes_count - alive_,
                fs_->super->s_free_inodes_count);
        std::uint64_t group_blocks = 0;
        std::uint64_t group_inodes = 0;
        std::uint64_t group_directories = 0;
        for (dgrp_t group = 0; group < fs_->group_desc_count; ++group) {
            group_blocks += ext2fs_bg_free_blocks_count(fs_.get(), group);
            group_inodes += ext2fs_bg_free_inodes_count(fs_.get(), group);
            group_directories += ext2fs_bg_used_dirs_count(fs_.get(), group);
        }
        compare("group descriptors", "free blocks", free_blocks, group_blocks);
        compare("group descriptors", "free inodes", fs_->super->s_inodes_count - alive_, group_inodes);
        compare("group descriptors", "directories", directories_, group_directories);
    }

    std::vector<Problem>& problems_;
    std::size_t limit_;
    const Supervision& supervision_;
    std::optional<ext4::ImageMedium> medium_;
    std::optional<ext4::Channel> channel_;
    ext4::FileSystem fs_;
    BlockBitmap used_;
    std::set<blk64_t> attribute_blocks_;
    std::vector<Links> links_;  ///< by inode, up to the last one in use
    std::uint32_t alive_ = 0;   ///< inodes in use
    std::uint64_t directories_ = 0;
};

}  // namespace

void check_ext4(const ContentSourcePtr& image, Range range, std::vector<Problem>& problems,
                const Supervision& supervision) {
    HealthCheck(problems, supervision).run(*image, range);
}

}  // namespace rpixen
