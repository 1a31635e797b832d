#include "fs/ext4/checksum.hpp"

#include <gtest/gtest.h>

#include <random>

namespace rpixen::ext4 {
namespace {

/// Bit by bit, as RFC 3720 has the polynomial (reversed).
std::uint32_t slowly(std::uint32_t crc, ByteView bytes) {
    for (const std::byte byte : bytes) {
        crc ^= std::to_integer<std::uint32_t>(byte);
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0x82f63b78U : 0U);
    }
    return crc;
}

TEST(Ext4Checksum, TheCheckValueOfTheAlgorithm) {
    EXPECT_EQ(~crc32c(0xffffffff, as_bytes("123456789")), 0xe3069283U);
}

TEST(Ext4Checksum, EveryLengthAndAlignment) {
    std::mt19937 random(1);
    Bytes bytes(300);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
    for (std::size_t begin = 0; begin < 9; ++begin)
        for (std::size_t length = 0; begin + length <= bytes.size(); ++length) {
            const ByteView part = ByteView(bytes).subspan(begin, length);
            ASSERT_EQ(crc32c(0x12345678, part), slowly(0x12345678, part)) << begin << " " << length;
        }
}

TEST(Ext4Checksum, IsChained) {
    const ByteView all = as_bytes("an inode's number, then its generation, then its bytes");
    EXPECT_EQ(crc32c(crc32c(7, all.first(13)), all.subspan(13)), crc32c(7, all));
}

}  // namespace
}  // namespace rpixen::ext4
