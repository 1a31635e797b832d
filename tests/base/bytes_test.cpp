#include "base/bytes.hpp"

#include <gtest/gtest.h>

namespace rpixen {
namespace {

TEST(Bytes, LoadsAndStoresInBothOrdersAtAnyPlace) {
    Bytes bytes(9);
    store_le<std::uint32_t>(&bytes[1], 0x11223344);
    store_be<std::uint32_t>(&bytes[5], 0x11223344);
    EXPECT_EQ(as_text(bytes), std::string_view("\0\x44\x33\x22\x11\x11\x22\x33\x44", 9));
    EXPECT_EQ(load_le<std::uint32_t>(&bytes[1]), 0x11223344U);
    EXPECT_EQ(load_be<std::uint32_t>(&bytes[5]), 0x11223344U);
    EXPECT_EQ(load_be<std::uint16_t>(&bytes[1]), 0x4433U);
    EXPECT_EQ(load_le<std::uint64_t>(&bytes[1]), 0x4433221111223344U);
    EXPECT_EQ(load_le<std::uint8_t>(&bytes[1]), 0x44U);
    store_le<std::uint64_t>(&bytes[0], ~std::uint64_t{0});
    EXPECT_EQ(load_be<std::uint64_t>(&bytes[0]), ~std::uint64_t{0});
}

TEST(Bytes, TextAndBack) {
    EXPECT_EQ(as_text(to_bytes("a text")), "a text");
    EXPECT_TRUE(to_bytes("").empty());
}

}  // namespace
}  // namespace rpixen
