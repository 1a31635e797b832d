#include "artifact/tar_header.hpp"

#include <gtest/gtest.h>

#include "artifact/samples.hpp"
#include "artifact/tar_maker.hpp"

namespace rpixen::test {
namespace {

std::int64_t number(std::string_view field) {
    return parse_tar_number(as_bytes(field));
}

TEST(TarHeader, Numbers) {
    using namespace std::string_view_literals;
    EXPECT_EQ(number("0000644\0"sv), 0644);
    EXPECT_EQ(number("   644 \0"sv), 0644);
    EXPECT_EQ(number("77777777"), 077777777);
    EXPECT_EQ(number("777777777777"), 0777777777777);
    EXPECT_EQ(number("\0\0\0\0\0\0\0\0"sv), 0);
    EXPECT_EQ(number("\x80\0\0\0\0\0\1\0"sv), 256);
    EXPECT_EQ(number("\x80\0\0\0\x1\0\0\0\0\0\0\0"sv), 1LL << 56);
    EXPECT_EQ(number("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"sv), -1);
    EXPECT_EQ(number("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xae\x80"sv), -86400);
    for (const std::string_view field : {"00a0644\0"sv, "-1\0"sv, "8\0"sv, "\x80\1\0\0\0\0\0\0\0\0\0\0"sv,
                                         "\x80\0\0\0\x80\0\0\0\0\0\0\0"sv, "\xc0\0\0\0\0\0\0\0\0\0\0\0"sv})
        EXPECT_EQ(error_of([&] { number(field); }).code(), ErrorCode::artifact);
    EXPECT_EQ(error_of([&] { parse_tar_size(as_bytes("\xff\xff\xff\xff\xff\xff\xff\xff"sv)); }).code(),
              ErrorCode::artifact);
}

TEST(TarHeader, PrefixOnlyWhereTheFormatHasOne) {
    TarMaker::Header h;
    h.name = "name";
    h.prefix = "prefix";
    EXPECT_EQ(parse_tar_header(as_bytes(TarMaker::block(h))).name, "prefix/name");
    h.magic = "ustar  ";  // GNU keeps times there
    EXPECT_EQ(parse_tar_header(as_bytes(TarMaker::block(h))).name, "name");
    h.magic.clear();
    EXPECT_EQ(parse_tar_header(as_bytes(TarMaker::block(h))).name, "name");
}

TEST(TarHeader, ChecksumsOfSignedBytes) {
    TarMaker::Header h;
    h.name = "\xff\xff\xff";
    std::string block = TarMaker::block(h);
    long sum = 0;
    for (std::size_t index = 0; index < block.size(); ++index)
        sum += index >= 148 && index < 156 ? ' ' : static_cast<signed char>(block[index]);
    char text[8];
    std::snprintf(text, sizeof text, "%06lo", sum);
    block.replace(148, 6, text);
    EXPECT_EQ(parse_tar_header(as_bytes(block)).name, h.name);
}

TEST(TarHeader, WhatIsNone) {
    EXPECT_TRUE(is_tar_header(as_bytes(TarMaker::block({}))));
    EXPECT_FALSE(is_tar_header(as_bytes(std::string(512, '\0'))));
    EXPECT_FALSE(is_tar_header(as_bytes(TarMaker::block({}).substr(0, 511))));
    EXPECT_FALSE(is_tar_header(as_bytes(std::string(512, 'x'))));
}

}  // namespace
}  // namespace rpixen::test
