#include "fs/ext4/checksum.hpp"

#include <array>

#include "base/size.hpp"
#include "fs/ext4/libext2fs.hpp"

#if defined(__x86_64__)
#include <nmmintrin.h>

#include <cstring>
#endif

namespace rpixen::ext4 {
namespace {

#if defined(__x86_64__)
[[gnu::target("sse4.2")]] std::uint32_t crc32c_by_instruction(std::uint32_t crc, ByteView bytes) {
    std::uint64_t value = crc;
    for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data(), sizeof word);
        value = _mm_crc32_u64(value, word);
    }
    crc = static_cast<std::uint32_t>(value);
    for (const std::byte byte : bytes) crc = _mm_crc32_u8(crc, std::to_integer<std::uint8_t>(byte));
    return crc;
}
#endif

}  // namespace

std::uint32_t crc32c(std::uint32_t crc, ByteView bytes) {
#if defined(__x86_64__)
    static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
    if (has_instruction) return crc32c_by_instruction(crc, bytes);
#endif
    return ext2fs_crc32c_le(crc, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
}

std::uint32_t ChecksumSeed::of_inode(std::uint32_t number) const {
    std::array<std::byte, 8> bytes{};
    store_le(bytes.data(), number);
    return crc32c(value_, bytes);
}

}  // namespace rpixen::ext4
