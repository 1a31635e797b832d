#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/digest.hpp"

namespace rpixen {

/// What an ext2, ext3 or ext4 says about itself. Little endian; facts: Linux fs/ext4/ext4.h, struct
/// ext4_super_block.
struct ExtSuperblock {
    static constexpr std::uint64_t offset = 1024;  ///< bytes from the start of the partition
    static constexpr std::size_t size = 1024;      ///< bytes

    std::uint64_t blocks = 0;      ///< bytes 4 and 336
    std::uint32_t block_size = 0;  ///< byte 24: bytes
    std::uint16_t state = 0;       ///< byte 58: bit 0 left clean, bit 1 errors seen
    std::uint32_t compatible = 0;  ///< byte 92: features
    std::uint32_t incompatible = 0;
    std::uint32_t read_only_compatible = 0;
    Uuid uuid{};        ///< byte 104
    std::string label;  ///< byte 120: 16 bytes, cut at the first NUL

    /// "ext2", "ext3" or "ext4", as blkid tells them by their features.
    std::string kind() const;
};

/// Nothing where `bytes` (from the superblock's offset on) hold no superblock with possible numbers.
std::optional<ExtSuperblock> parse_ext_superblock(ByteView bytes);

}  // namespace rpixen
