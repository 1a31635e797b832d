#include "fs/ext4/superblock.hpp"

#include <algorithm>
#include <limits>

namespace rpixen {
namespace {

constexpr std::uint16_t magic = 0xef53;
constexpr std::uint32_t has_journal = 0x4;
constexpr std::uint32_t incompatible_64bit = 0x80;
// What ext3 knows beyond ext2's: anything else makes an ext4 (util-linux libblkid/src/superblocks/ext.c).
constexpr std::uint32_t ext3_incompatible = 0x2 | 0x4 | 0x10;         // filetype, recover, meta_bg
constexpr std::uint32_t ext3_read_only_compatible = 0x1 | 0x2 | 0x4;  // sparse_super, large_file, btree_dir

}  // namespace

std::string ExtSuperblock::kind() const {
    if ((incompatible & ~ext3_incompatible) != 0 || (read_only_compatible & ~ext3_read_only_compatible) != 0)
        return "ext4";
    return (compatible & has_journal) != 0 ? "ext3" : "ext2";
}

std::optional<ExtSuperblock> parse_ext_superblock(ByteView bytes) {
    if (bytes.size() < ExtSuperblock::size || load_le<std::uint16_t>(bytes.data() + 56) != magic) return std::nullopt;
    const std::byte* b = bytes.data();
    const auto log_block_size = load_le<std::uint32_t>(b + 24);
    if (log_block_size > 6) return std::nullopt;
    ExtSuperblock superblock;
    superblock.block_size = 1024U << log_block_size;
    superblock.state = load_le<std::uint16_t>(b + 58);
    superblock.compatible = load_le<std::uint32_t>(b + 92);
    superblock.incompatible = load_le<std::uint32_t>(b + 96);
    superblock.read_only_compatible = load_le<std::uint32_t>(b + 100);
    superblock.blocks = load_le<std::uint32_t>(b + 4);
    if ((superblock.incompatible & incompatible_64bit) != 0)
        superblock.blocks |= std::uint64_t{load_le<std::uint32_t>(b + 336)} << 32;
    if (superblock.blocks == 0 || superblock.blocks > std::numeric_limits<std::uint64_t>::max() / superblock.block_size)
        return std::nullopt;
    std::copy_n(b + 104, superblock.uuid.size(), superblock.uuid.begin());
    const std::string_view label = as_text(bytes.subspan(120, 16));
    superblock.label = label.substr(0, label.find('\0'));
    return superblock;
}

}  // namespace rpixen
