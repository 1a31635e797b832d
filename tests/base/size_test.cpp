#include "base/size.hpp"

#include <gtest/gtest.h>

namespace rpixen {
namespace {

constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();

TEST(Size, ParsesBinaryUnits) {
    EXPECT_EQ(parse_size("0"), 0U);
    EXPECT_EQ(parse_size("4096"), 4096U);
    EXPECT_EQ(parse_size("64KiB"), 65536U);
    EXPECT_EQ(parse_size("256MiB"), 268435456U);
    EXPECT_EQ(parse_size("2GiB"), 2147483648U);
    EXPECT_EQ(parse_size("1TiB"), 1099511627776U);
    EXPECT_EQ(parse_size("18446744073709551615"), most);
    for (const char* text : {"", "MiB", "1MB", "1 MiB", "-1", "+1", "1.5GiB", "0x10", "1mib", "18446744073709551616",
                             "16777216TiB", "1MiBx"})
        EXPECT_FALSE(parse_size(text)) << text;
}

TEST(Size, FormatsTheLargestExactUnit) {
    EXPECT_EQ(format_size(0), "0 B");
    EXPECT_EQ(format_size(1000), "1000 B");
    EXPECT_EQ(format_size(1536), "1536 B");
    EXPECT_EQ(format_size(64 * KiB), "64KiB");
    EXPECT_EQ(format_size(256 * MiB), "256MiB");
    EXPECT_EQ(format_size(3 * GiB), "3GiB");
}

TEST(Size, Addresses) {
    EXPECT_EQ(parse_address("0x480000"), 0x480000U);
    EXPECT_EQ(parse_address("0X1f"), 0x1fU);
    EXPECT_EQ(parse_address("4096"), 4096U);
    for (const char* text : {"", "0x", "480000h", "0x10000000000000000", "-1", "0xg"})
        EXPECT_FALSE(parse_address(text)) << text;
    EXPECT_EQ(format_address(0x480000), "0x480000");
    EXPECT_EQ(format_address(0), "0x0");
    EXPECT_EQ(format_address(most), "0xffffffffffffffff");
}

TEST(Size, CheckedArithmetic) {
    EXPECT_EQ(checked_add(most - 1, 1), most);
    EXPECT_THROW(checked_add(most, 1), Error);
    EXPECT_EQ(checked_multiply(1ULL << 32, 1ULL << 31), 1ULL << 63);
    EXPECT_THROW(checked_multiply(1ULL << 32, 1ULL << 32), Error);
    EXPECT_EQ(checked_multiply(most, 0), 0U);
    EXPECT_EQ(divide_up(0, 4), 0U);
    EXPECT_EQ(divide_up(5, 4), 2U);
    EXPECT_EQ(divide_up(most, 2), (most >> 1) + 1);
    EXPECT_EQ(align_up(1, 4096), 4096U);
    EXPECT_EQ(align_up(4096, 4096), 4096U);
    EXPECT_THROW(align_up(most, 4096), Error);
    EXPECT_EQ(align_down(8191, 4096), 4096U);
    EXPECT_EQ(narrow<std::uint8_t>(255), 255);
    EXPECT_THROW(narrow<std::uint8_t>(256), Error);
    EXPECT_THROW(narrow<unsigned>(-1), Error);
}

TEST(Size, Ranges) {
    EXPECT_TRUE((Range{0, 10}.overlaps({9, 20})));
    EXPECT_FALSE((Range{0, 10}.overlaps({10, 20})));
    EXPECT_FALSE((Range{0, 10}.overlaps({5, 5}))) << "an empty range meets nothing";
    EXPECT_TRUE((Range{0, 10}.contains({0, 10})));
    EXPECT_FALSE((Range{0, 10}.contains({5, 11})));
    EXPECT_EQ((Range{5, 12}.size()), 7U);
}

}  // namespace
}  // namespace rpixen
