#include "format/zboot.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace rpixen {
namespace {

Bytes header(std::string_view compression) {
    Bytes bytes(64);
    const auto put = [&](std::size_t place, std::string_view text) {
        std::transform(text.begin(), text.end(), bytes.begin() + static_cast<std::ptrdiff_t>(place),
                       [](char c) { return static_cast<std::byte>(c); });
    };
    put(0, "MZ");
    put(4, "zimg");
    store_le<std::uint32_t>(bytes.data() + 8, 0x1000);
    store_le<std::uint32_t>(bytes.data() + 12, 500);
    put(24, compression);
    store_le<std::uint32_t>(bytes.data() + 0x38, 0x818223cd);
    return bytes;
}

TEST(Zboot, ReadsThePayloadsPlaceAndCompression) {
    const auto zboot = parse_zboot(header("zstd22"));
    ASSERT_TRUE(zboot);
    EXPECT_EQ(*zboot, (ZbootHeader{0x1000, 500, "zstd22"}));
}

TEST(Zboot, ReadsANameWithoutAnEnd) {
    EXPECT_EQ(parse_zboot(header(std::string(32, 'x')))->compression, std::string(32, 'x'));
}

TEST(Zboot, TellsWhetherThePayloadLiesInTheFile) {
    const auto zboot = parse_zboot(header("gzip"));
    EXPECT_TRUE(zboot->fits(0x1000 + 500));
    EXPECT_FALSE(zboot->fits(0x1000 + 499));
    EXPECT_FALSE(zboot->fits(0));
    EXPECT_FALSE((ZbootHeader{8, 500, "gzip"}).fits(0x10000));
    EXPECT_FALSE((ZbootHeader{0xffffffff, 0xffffffff, "gzip"}).fits(0xffffffff));
}

TEST(Zboot, RefusesOtherEfiPrograms) {
    Bytes bytes = header("gzip");
    EXPECT_FALSE(parse_zboot(ByteView(bytes).first(63)));
    bytes[4] = std::byte{0};
    EXPECT_FALSE(parse_zboot(bytes));
}

}  // namespace
}  // namespace rpixen
