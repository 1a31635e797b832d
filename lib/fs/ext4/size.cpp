#include "fs/ext4/size.hpp"

#include <algorithm>
#include <optional>

#include "base/size.hpp"
#include "fs/ext4/layout.hpp"

namespace rpixen {
namespace {

using ext4::ContentLayout;
using ext4::Geometry;

constexpr std::uint64_t smallest_with_journal = 2048;

[[noreturn]] void refuse_size() {
    throw Error(ErrorCode::unfit, "the root file system is too large", "more than 504 GiB with its tables", "504 GiB",
                "leave files out");
}

/// Blocks that a file system of this geometry takes whatever its content.
std::uint64_t table_blocks(const Geometry& geometry) {
    std::uint64_t blocks = 1 + ext4::journal_blocks(geometry.block_count);
    blocks += std::uint64_t{geometry.group_count} * (2 + geometry.table_blocks());
    for (std::uint32_t group = 0; group < geometry.group_count; ++group)
        if (ext4::has_superblock(group)) blocks += ext4::fixed_blocks;
    return blocks;
}

std::uint64_t blocks_of(const ContentLayout& content) {
    std::uint64_t blocks = 0;
    for (const ext4::BlockRun& run : ext4::complement(content.space.free_runs(), content.space.taken_end()))
        blocks += run.count;
    for (std::uint32_t group = 0; group * ext4::blocks_per_group < content.space.taken_end(); ++group)
        if (ext4::has_superblock(group)) blocks -= ext4::fixed_blocks;
    return blocks;
}

/// What Linux keeps from everybody, root too, so that delayed writes find room (fs/ext4/super.c,
/// ext4_calculate_resv_clusters).
std::uint64_t kept_by_linux(std::uint64_t blocks) {
    return std::min<std::uint64_t>(blocks / 50, 4096);
}

/// What must fit: the content, and blocks that stay free with an inode for each 16 KiB of them.
struct Need {
    const ContentLayout& content;
    std::uint64_t content_blocks;
    std::uint64_t free;  ///< blocks that files can have
    std::uint64_t inodes;

    Need(const ContentLayout& layout, std::uint64_t free_bytes)
        : content(layout),
          content_blocks(blocks_of(layout)),
          free(divide_up(free_bytes, ext4::block_size)),
          inodes(layout.inodes_used + free / ext4::blocks_per_inode) {}

    /// Blocks that stay free in a file system of that size.
    std::uint64_t free_in(std::uint64_t blocks) const { return free == 0 ? 0 : free + kept_by_linux(blocks); }
};

/// The smallest size from `blocks` on, in steps.
std::uint64_t smallest(const Need& need, std::uint64_t blocks, std::uint64_t step, bool grows) {
    for (;;) {
        if (blocks > ext4::most_blocks) refuse_size();
        std::uint64_t next = blocks + step;
        const auto geometry = ext4::make_geometry(blocks, need.inodes, grows);
        if (geometry && geometry->block_count == blocks) {
            // Counting is quick and leaves only the last few sizes to be tried by placing.
            const std::uint64_t counted = checked_add(need.content_blocks + table_blocks(*geometry),
                                                      need.free_in(blocks));
            if (counted <= blocks) {
                const auto groups = ext4::place_groups(need.content, *geometry);
                if (groups && groups->free_blocks >= need.free_in(blocks)) return blocks;
            } else {
                // Rounding of the inode tables makes the count rise and fall by a few blocks a group.
                const std::uint64_t slack = 2 * geometry->group_count + 16;
                next = std::max(next, align_up(counted - std::min(counted, slack), step));
            }
        }
        blocks = next;
    }
}

std::uint64_t smallest(const Need& need, bool grows) {
    // Room for the inodes asks for groups of its own.
    const std::uint64_t groups = divide_up(need.inodes, ext4::most_inodes_per_group);
    return smallest(need,
                    std::max<std::uint64_t>(
                        {smallest_with_journal, need.content.space.taken_end(), (groups - 1) * ext4::blocks_per_group}),
                    1, grows);
}

/// The geometry of a given size, with inodes for what stays free where they fit; nothing where the content
/// does not fit.
std::optional<Geometry> geometry_in(const ContentLayout& content, std::uint64_t blocks) {
    blocks = std::min<std::uint64_t>(blocks, ext4::most_blocks);
    const auto least = ext4::make_geometry(blocks, content.inodes_used);
    if (!least) return std::nullopt;
    const auto groups = ext4::place_groups(content, *least);
    if (!groups) return std::nullopt;
    const std::uint64_t wanted = std::uint64_t{content.inodes_used} + groups->free_blocks / ext4::blocks_per_inode;
    for (const bool grows : {true, false}) {
        const auto better = ext4::make_geometry(blocks, wanted, grows);
        if (better && ext4::place_groups(content, *better)) return better;
    }
    return least;
}

}  // namespace

std::uint64_t smallest_ext4(const FileTree& tree, const Ext4Wish& wish) {
    const ContentLayout content = ext4::place_content(tree, wish.hash_seed, wish.partition_offset);
    return smallest(Need(content, wish.free), false);
}

Ext4Parameters size_ext4(const FileTree& tree, const Ext4Wish& wish) {
    if (wish.label.size() > 16)
        throw Error(ErrorCode::unfit, "the root partition's label is too long",
                    std::to_string(wish.label.size()) + " bytes", "at most 16 bytes");
    const ContentLayout content = ext4::place_content(tree, wish.hash_seed, wish.partition_offset);
    std::optional<Geometry> geometry;
    if (wish.size == 0) {
        constexpr std::uint64_t step = MiB / ext4::block_size;
        const Need need(content, wish.free);
        // Whoever flashes it grows it to the card.
        geometry = ext4::make_geometry(smallest(need, align_up(smallest(need, true), step), step, true), need.inodes,
                                       true);
    } else {
        geometry = geometry_in(content, wish.size / ext4::block_size);
        if (!geometry) {
            const std::uint64_t needed = smallest(Need(content, 0), false) * ext4::block_size;
            throw Error(
                ErrorCode::unfit, "the root file system does not fit its partition",
                format_size(wish.size) + " available", std::to_string(needed) + " bytes or more",
                "make the root partition " + format_size(align_up(needed, MiB)) + " or larger, or leave files out");
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
