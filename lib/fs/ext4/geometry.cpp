#include "fs/ext4/geometry.hpp"

#include <algorithm>

#include "base/size.hpp"

namespace rpixen::ext4 {
namespace {

bool power_of(std::uint32_t value, std::uint32_t base) {
    while (value % base == 0) value /= base;
    return value == 1;
}

}  // namespace

bool has_superblock(std::uint32_t group) {
    return group <= 1 || power_of(group, 3) || power_of(group, 5) || power_of(group, 7);
}

std::uint32_t journal_blocks(std::uint32_t block_count) {
    constexpr std::uint32_t per_gib = GiB / block_size;
    if (block_count < 2048) return 0;
    if (block_count < per_gib / 8) return 1024;
    if (block_count < per_gib) return 4096;
    if (block_count < 2 * per_gib) return 8192;
    if (block_count < 16 * per_gib) return 16384;
    if (block_count < 32 * per_gib) return 32768;
    if (block_count < 64 * per_gib) return 65536;
    return 131072;
}

std::optional<Geometry> make_geometry(std::uint64_t blocks, std::uint64_t inodes, bool grows) {
    if (blocks > most_blocks) return std::nullopt;
    for (;;) {
        if (journal_blocks(static_cast<std::uint32_t>(blocks)) == 0) return std::nullopt;
        const auto groups = static_cast<std::uint32_t>(divide_up(blocks, blocks_per_group));
        const std::uint64_t wanted = std::max(
            inodes, (grows ? std::uint64_t{groups} * blocks_per_group : blocks) / blocks_per_inode);
        const std::uint64_t per_group = align_up(divide_up(wanted, groups), inodes_per_block);
        if (per_group > most_inodes_per_group) return std::nullopt;

        const std::uint64_t rest = blocks % blocks_per_group;
        const std::uint64_t tables = 2 + per_group / inodes_per_block + (has_superblock(groups - 1) ? fixed_blocks : 0);
        if (rest == 0 || rest >= tables + 50)
            return Geometry{static_cast<std::uint32_t>(blocks), groups, static_cast<std::uint32_t>(per_group)};
        blocks -= rest;
    }
}

}  // namespace rpixen::ext4
