#include "image/ext4_size.hpp"

#include <algorithm>
#include <optional>

#include "base/size.hpp"
#include "image/ext4_layout.hpp"

namespace rpixen {
namespace {

using ext4::ContentLayout;
using ext4::Geometry;

constexpr std::uint64_t smallest_with_journal = 2048;

[[noreturn]] void refuse_size() {
    throw Error(ErrorCode::unfit, "the root file system is too large", "more than 504 GiB with its tables",
                "504 GiB", "leave files out");
}

/// Blocks that a file system of this geometry takes whatever its content.
std::uint64_t table_blocks(const Geometry& geometry) {
    std::uint64_t blocks = 1 + ext4::journal_blocks(geometry.block_count);
    blocks += std::uint64_t{geometry.group_count} * (2 + geometry.table_blocks());
    for (std::uint32_t group = 0; group < geometry.group_count; ++group)
        if (ext4::has_superblock(group)) blocks += ext4::fixed_blocks;
    return blocks;
}

/// The smallest size from `blocks` on, in steps, that leaves `free` blocks free.
std::uint64_t smallest(const ContentLayout& content, std::uint64_t blocks, std::uint64_t free,
                       std::uint64_t step) {
    std::uint64_t content_blocks = 0;
    for (const ext4::BlockRun& run : ext4::complement(content.space.free_runs(), content.space.taken_end()))
        content_blocks += run.count;
    for (std::uint32_t group = 0; group * ext4::blocks_per_group < content.space.taken_end(); ++group)
        if (ext4::has_superblock(group)) content_blocks -= ext4::fixed_blocks;
    for (;;) {
        if (blocks > ext4::most_blocks) refuse_size();
        std::uint64_t next = blocks + step;
        const auto geometry = ext4::make_geometry(blocks, content.inodes_used);
        if (geometry && geometry->block_count == blocks) {
            // Counting is quick and leaves only the last few sizes to be tried by placing.
            const std::uint64_t needed = checked_add(content_blocks + table_blocks(*geometry), free);
            if (needed <= blocks) {
                const auto groups = ext4::place_groups(content, *geometry);
                if (groups && groups->free_blocks >= free) return blocks;
            } else {
                // Rounding of the inode tables makes the count rise and fall by a few blocks a group.
                const std::uint64_t slack = 2 * geometry->group_count + 16;
                next = std::max(next, align_up(needed - std::min(needed, slack), step));
            }
        }
        blocks = next;
    }
}

std::uint64_t smallest_start(const ContentLayout& content) {
    // Room for the inodes asks for groups of its own.
    const std::uint64_t groups = divide_up(content.inodes_used, ext4::most_inodes_per_group);
    return std::max<std::uint64_t>(
        {smallest_with_journal, content.space.taken_end(), (groups - 1) * ext4::blocks_per_group});
}

std::uint64_t free_blocks_wished(const Ext4Wish& wish) {
    return divide_up(wish.free, ext4::block_size);
}

}  // namespace

std::uint64_t smallest_ext4(const FileTree& tree, const Ext4Wish& wish) {
    const ContentLayout content = ext4::place_content(tree, wish.hash_seed, wish.partition_offset);
    return smallest(content, smallest_start(content), free_blocks_wished(wish), 1);
}

Ext4Parameters size_ext4(const FileTree& tree, const Ext4Wish& wish) {
    if (wish.label.size() > 16)
        throw Error(ErrorCode::unfit, "the root partition's label is too long",
                    std::to_string(wish.label.size()) + " bytes", "at most 16 bytes");
    const ContentLayout content = ext4::place_content(tree, wish.hash_seed, wish.partition_offset);
    std::optional<Geometry> geometry;
    if (wish.size == 0) {
        constexpr std::uint64_t step = MiB / ext4::block_size;
        const std::uint64_t free = free_blocks_wished(wish);
        const std::uint64_t least = smallest(content, smallest_start(content), free, 1);
        geometry =
            ext4::make_geometry(smallest(content, align_up(least, step), free, step), content.inodes_used);
    } else {
        const std::uint64_t available = wish.size / ext4::block_size;
        geometry =
            ext4::make_geometry(std::min<std::uint64_t>(available, ext4::most_blocks), content.inodes_used);
        if (!geometry || !ext4::place_groups(content, *geometry)) {
            const std::uint64_t needed = smallest(content, smallest_start(content), 0, 1) * ext4::block_size;
            throw Error(ErrorCode::unfit, "the root file system does not fit its partition",
                        format_size(wish.size) + " available", std::to_string(needed) + " bytes or more",
                        "make the root partition " + format_size(align_up(needed, MiB)) +
                            " or larger, or leave files out");
        }
    }
    Ext4Parameters parameters;
    parameters.label = wish.label;
    parameters.uuid = wish.uuid;
    parameters.hash_seed = wish.hash_seed;
    parameters.time = wish.time;
    parameters.block_count = geometry->block_count;
    parameters.inode_count = geometry->inode_count();
    parameters.journal_blocks = ext4::journal_blocks(geometry->block_count);
    parameters.reserved_blocks = 0;
    return parameters;
}

}  // namespace rpixen
