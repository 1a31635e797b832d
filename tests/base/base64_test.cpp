#include "base/base64.hpp"

#include <gtest/gtest.h>

#include "support/run.hpp"

namespace rpixen::test {
namespace {

TEST(Base64, AsCoreutilsWritesIt) {
    std::string bytes;
    for (int value = 0; value < 260; ++value) {
        EXPECT_EQ(base64(as_bytes(bytes)), run_ok({"base64", "-w", "0"}, bytes)) << bytes.size();
        EXPECT_EQ(parse_base64(base64(as_bytes(bytes))), to_bytes(bytes)) << bytes.size();
        bytes += static_cast<char>(value * 37);
        if (bytes.size() > 8) value += 50;
    }
}

TEST(Base64, BothAlphabetsWithAndWithoutPadding) {
    EXPECT_EQ(parse_base64("+/8="), parse_base64("-_8"));
    EXPECT_EQ(parse_base64("-_8"), (Bytes{std::byte{0xfb}, std::byte{0xff}}));
    EXPECT_EQ(parse_base64(""), Bytes());
}

TEST(Base64, WhatIsNone) {
    for (const char* text : {"A", "A===", "AB==C", "AB C", "AB\n=", "A=B=", "====", "\xff\xff\xff\xff"})
        EXPECT_EQ(parse_base64(text), std::nullopt) << text;
}

}  // namespace
}  // namespace rpixen::test
