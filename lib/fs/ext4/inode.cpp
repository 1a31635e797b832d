#include "fs/ext4/inode.hpp"

#include <algorithm>

namespace rpixen::ext4 {
namespace {

struct EncodedTime {
    std::uint32_t seconds;
    std::uint32_t extra;  ///< nanoseconds and two more bits of the seconds
};

/// ext4_encode_extra_time in fs/ext4/ext4.h; what lies outside -2^31 ... 2^34 - 2^31 - 1 is clamped as the
/// kernel does.
EncodedTime encode_time(const Timestamp& time) {
    constexpr std::int64_t first = -(std::int64_t{1} << 31);
    constexpr std::int64_t last = (std::int64_t{1} << 34) + first - 1;
    const std::int64_t clamped = std::clamp(time.seconds, first, last);
    const std::uint32_t nanoseconds = clamped == time.seconds ? time.nanoseconds : 0;
    const auto low = static_cast<std::uint32_t>(static_cast<std::uint64_t>(clamped));
    const auto epoch = static_cast<std::uint32_t>((clamped - first) >> 32);
    return {low, nanoseconds << 2 | epoch};
}

// Places in struct ext4_inode.
constexpr std::size_t checksum_low = 124;
constexpr std::size_t checksum_high = 130;
constexpr std::size_t xattrs_begin = 160;

void put_extent_header(std::byte* out, std::size_t entries, std::uint32_t most, std::uint32_t depth) {
    store_le(out, std::uint16_t{0xf30a});
    store_le(out + 2, static_cast<std::uint16_t>(entries));
    store_le(out + 4, static_cast<std::uint16_t>(most));
    store_le(out + 6, static_cast<std::uint16_t>(depth));
}

void put_extent(std::byte* out, const Extent& extent) {
    store_le(out, extent.logical);
    store_le(out + 4, static_cast<std::uint16_t>(extent.count));
    store_le(out + 6, std::uint16_t{0});
    store_le(out + 8, extent.first);
}

/// An entry of an index: `extent.first` is the block below, `extent.count` means nothing.
void put_index(std::byte* out, const Extent& extent) {
    store_le(out, extent.logical);
    store_le(out + 4, extent.first);
    store_le(out + 8, std::uint32_t{0});
}

void put_entries(std::byte* out, std::span<const Extent> entries, std::uint32_t most, std::uint32_t depth) {
    put_extent_header(out, entries.size(), most, depth);
    for (const Extent& entry : entries) {
        out += 12;
        depth == 0 ? put_extent(out, entry) : put_index(out, entry);
    }
}

}  // namespace

void encode_inode(const Inode& inode, std::uint32_t number, const ChecksumSeed& seed, MutableBytes out) {
    std::byte* const at = out.data();
    const EncodedTime time = encode_time(inode.time);
    const EncodedTime created = encode_time(inode.created);
    const std::uint64_t sectors = inode.blocks * (block_size / 512);
    store_le(at, inode.mode);
    store_le(at + 2, static_cast<std::uint16_t>(inode.uid));
    store_le(at + 4, static_cast<std::uint32_t>(inode.size));
    store_le(at + 8, time.seconds);   // i_atime
    store_le(at + 12, time.seconds);  // i_ctime
    store_le(at + 16, time.seconds);  // i_mtime
    store_le(at + 24, static_cast<std::uint16_t>(inode.gid));
    store_le(at + 26, static_cast<std::uint16_t>(inode.links));
    store_le(at + 28, static_cast<std::uint32_t>(sectors));
    store_le(at + 32, inode.flags);
    std::ranges::copy(inode.block, at + 40);
    store_le(at + 104, inode.xattr_block);
    store_le(at + 108, static_cast<std::uint32_t>(inode.size >> 32));
    store_le(at + 116, static_cast<std::uint16_t>(sectors >> 32));
    store_le(at + 120, static_cast<std::uint16_t>(inode.uid >> 16));
    store_le(at + 122, static_cast<std::uint16_t>(inode.gid >> 16));
    store_le(at + 128, std::uint16_t{32});  // i_extra_isize
    store_le(at + 132, time.extra);         // i_ctime_extra
    store_le(at + 136, time.extra);         // i_mtime_extra
    store_le(at + 140, time.extra);         // i_atime_extra
    store_le(at + 144, created.seconds);
    store_le(at + 148, created.extra);
    std::ranges::copy(inode.xattrs, at + xattrs_begin);

    const std::uint32_t checksum = crc32c(seed.of_inode(number), out);
    store_le(at + checksum_low, static_cast<std::uint16_t>(checksum));
    store_le(at + checksum_high, static_cast<std::uint16_t>(checksum >> 16));
}

std::uint16_t mode_of(NodeType type) {
    switch (type) {
        case NodeType::directory:
            return 0040000;
        case NodeType::file:
            return 0100000;
        case NodeType::symlink:
            return 0120000;
        case NodeType::character_device:
            return 0020000;
        case NodeType::block_device:
            return 0060000;
        case NodeType::fifo:
            return 0010000;
        case NodeType::socket:
            return 0140000;
    }
    return 0;
}

std::uint8_t entry_type_of(NodeType type) {
    switch (type) {
        case NodeType::file:
            return 1;
        case NodeType::directory:
            return 2;
        case NodeType::character_device:
            return 3;
        case NodeType::block_device:
            return 4;
        case NodeType::fifo:
            return 5;
        case NodeType::socket:
            return 6;
        case NodeType::symlink:
            return 7;
    }
    return 0;
}

InodeBlock device_block(std::uint32_t major, std::uint32_t minor) {
    InodeBlock block{};
    if (major < 256 && minor < 256)
        store_le(block.data(), major << 8 | minor);
    else
        store_le(block.data() + 4, (minor & 0xff) | major << 8 | (minor & ~std::uint32_t{0xff}) << 12);
    return block;
}

InodeBlock write_extents(const std::vector<Extent>& extents, std::uint32_t tree_first, std::uint32_t inode_seed,
                         BlockWriter& blocks) {
    std::vector<Extent> level = extents;
    std::uint32_t depth = 0;
    while (level.size() > root_extents) {
        std::vector<Extent> above;
        for (std::span<const Extent> rest = level; !rest.empty();) {
            const auto part = rest.first(std::min<std::size_t>(rest.size(), block_extents));
            rest = rest.subspan(part.size());
            const MutableBytes bytes = blocks.block(tree_first);
            put_entries(bytes.data(), part, block_extents, depth);
            constexpr std::size_t checksum = 12 + 12 * block_extents;
            store_le(bytes.data() + checksum, crc32c(inode_seed, bytes.first(checksum)));
            above.push_back({part.front().logical, tree_first++, 0});
        }
        level = std::move(above);
        ++depth;
    }
    InodeBlock root{};
    put_entries(root.data(), level, root_extents, depth);
    return root;
}

}  // namespace rpixen::ext4
