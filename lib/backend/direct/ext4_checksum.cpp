#include "backend/direct/ext4_checksum.hpp"

#include <array>

#include "backend/direct/libext2fs.hpp"
#include "base/size.hpp"

namespace rpixen::ext4 {

std::uint32_t crc32c(std::uint32_t crc, ByteView bytes) {
    return ext2fs_crc32c_le(crc, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
}

std::uint32_t ChecksumSeed::of_inode(std::uint32_t number) const {
    std::array<std::byte, 8> bytes{};
    store_le(bytes.data(), number);
    return crc32c(value_, bytes);
}

}  // namespace rpixen::ext4
