#include "format/arm64_image.hpp"

#include <gtest/gtest.h>

namespace rpixen {
namespace {

Bytes header(std::uint64_t flags) {
    Bytes bytes(64);
    store_le<std::uint64_t>(bytes.data() + 8, 0x80000);
    store_le<std::uint64_t>(bytes.data() + 16, 0x1234567);
    store_le<std::uint64_t>(bytes.data() + 24, flags);
    store_le<std::uint32_t>(bytes.data() + 56, 0x644d5241);
    store_le<std::uint32_t>(bytes.data() + 60, 0x40);
    return bytes;
}

TEST(Arm64Image, ReadsEveryField) {
    const auto image = parse_arm64_image(header(0xa));
    ASSERT_TRUE(image);
    EXPECT_EQ(image->text_offset, 0x80000U);
    EXPECT_EQ(image->image_size, 0x1234567U);
    EXPECT_EQ(image->flags, 0xaU);
    EXPECT_EQ(image->pe_offset, 0x40U);
}

TEST(Arm64Image, UnderstandsTheFlags) {
    const auto modern = parse_arm64_image(header(0xa));
    EXPECT_TRUE(modern->little_endian());
    EXPECT_EQ(modern->page_size(), Arm64ImageHeader::PageSize::kib4);
    EXPECT_TRUE(modern->anywhere_in_memory());
    const auto other = parse_arm64_image(header(0x7));
    EXPECT_FALSE(other->little_endian());
    EXPECT_EQ(other->page_size(), Arm64ImageHeader::PageSize::kib64);
    EXPECT_FALSE(other->anywhere_in_memory());
}

TEST(Arm64Image, RefusesWhatIsNone) {
    Bytes bytes = header(0xa);
    EXPECT_FALSE(parse_arm64_image(ByteView(bytes).first(63)));
    EXPECT_FALSE(parse_arm64_image({}));
    bytes[57] = std::byte{'r'};
    EXPECT_FALSE(parse_arm64_image(bytes));
}

}  // namespace
}  // namespace rpixen
