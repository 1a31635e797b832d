#include "fs/ext4/free_ranges.hpp"

#include <rpixen/error.hpp>

#include "fs/ext4/image_medium.hpp"
#include "fs/ext4/io.hpp"

namespace rpixen {
namespace {

[[noreturn]] void refuse(const ContentSource& image, errcode_t failure) {
    throw Error(ErrorCode::artifact, "the block bitmaps of the ext4 in " + image.name() + " cannot be read",
                ext4::words_of(failure), "those of a sound file system");
}

std::vector<Range> free_blocks(ext2_filsys fs, Range partition, std::uint64_t least) {
    std::vector<Range> ranges;
    const blk64_t last = ext2fs_blocks_count(fs->super) - 1;
    blk64_t block = fs->super->s_first_data_block;
    while (block <= last && ext2fs_find_first_zero_block_bitmap2(fs->block_map, block, last, &block) == 0) {
        const blk64_t first = block;
        if (ext2fs_find_first_set_block_bitmap2(fs->block_map, first, last, &block) != 0) block = last + 1;
        if ((block - first) * fs->blocksize >= least)
            ranges.push_back({partition.begin + first * fs->blocksize, partition.begin + block * fs->blocksize});
    }
    return ranges;
}

}  // namespace

std::vector<Range> free_ranges(const ContentSource& image, Range partition, std::uint64_t least) {
    initialize_ext2_error_table();
    ext4::ImageMedium medium(image, partition);
    ext4::Channel channel(medium);
    ext2_filsys raw = nullptr;
    errcode_t failure = ext2fs_open2("image", nullptr, EXT2_FLAG_64BITS, 0, 0, channel.manager(), &raw);
    const ext4::FileSystem fs(raw);
    if (!failure) failure = ext2fs_read_block_bitmap(fs.get());
    channel.rethrow();
    if (failure) refuse(image, failure);
    return free_blocks(fs.get(), partition, least);
}

}  // namespace rpixen
