#include "fs/fat/name.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "format/utf16.hpp"

namespace rpixen {
namespace {

using testing::HasSubstr;

std::string exact(std::string_view name) {
    const auto short_name = fat_exact_short_name(name);
    return short_name ? std::string(short_name->begin(), short_name->end()) : "";
}

TEST(FatName, WhatCannotBeStoredIsNamed) {
    EXPECT_EQ(fat_name_fault("bcm2711-rpi-4-b.dtb"), "");
    EXPECT_EQ(fat_name_fault(".hidden"), "");
    EXPECT_EQ(fat_name_fault("a+b,c;d=e[f] {g}"), "");
    EXPECT_EQ(fat_name_fault("\xf0\x9f\x8d\x93"), "");
    EXPECT_EQ(fat_name_fault(std::string(255, 'n')), "");
    for (const char c : std::string("\"*/:<>?\\|"))
        EXPECT_THAT(fat_name_fault(std::string("a") + c), HasSubstr(std::string(1, c)));
    EXPECT_THAT(fat_name_fault("a\nb"), HasSubstr("control"));
    EXPECT_THAT(fat_name_fault("a."), HasSubstr("dot"));
    EXPECT_THAT(fat_name_fault("a "), HasSubstr("space"));
    EXPECT_THAT(fat_name_fault("a\xff"), HasSubstr("UTF-8"));
    EXPECT_THAT(fat_name_fault(std::string(256, 'n')), HasSubstr("256 UTF-16 units"));
    EXPECT_THAT(fat_name_fault(""), HasSubstr("no character"));
}

TEST(FatName, ExactShortNames) {
    EXPECT_EQ(exact("config.txt"), "CONFIG  TXT");
    EXPECT_EQ(exact("Image"), "IMAGE      ");
    EXPECT_EQ(exact("start4.elf"), "START4  ELF");
    EXPECT_EQ(exact("a~1.b"), "A~1     B  ");
    for (const char* name : {"bcm2711-rpi-4-b.dtb", "a.b.c", ".x", "a.html", "x y", "a+b", "a.", "", "\xc3\xa4"})
        EXPECT_EQ(exact(name), "") << name;
}

TEST(FatName, OnlyUpperCaseNamesNeedNoLongOne) {
    EXPECT_TRUE(fat_short_name_suffices("LICENCE"));
    EXPECT_TRUE(fat_short_name_suffices("A.TXT"));
    EXPECT_FALSE(fat_short_name_suffices("a.txt"));
    EXPECT_FALSE(fat_short_name_suffices("LONGERNAME"));
}

TEST(FatName, ShortNamesAreUniqueAndCountedUp) {
    FatShortNames names;
    names.claim(*fat_exact_short_name("bcm271~2.dtb"));
    const auto next = [&](std::string_view name) { return format_fat_short_name(*names.make(name)); };
    EXPECT_EQ(next("bcm2711-rpi-4-b.dtb"), "BCM271~1.DTB");
    EXPECT_EQ(next("bcm2711-rpi-400.dtb"), "BCM271~3.DTB");
    EXPECT_EQ(next("bcm2711-rpi-400.dtbo"), "BCM271~4.DTB");
    EXPECT_EQ(next(".config"), "CONFIG~1");
    EXPECT_EQ(next("a+b c.d.e"), "A_BCD~1.E");
    EXPECT_EQ(next("\xc3\xa4\xf0\x9f\x8d\x93"), "__~1");
    EXPECT_EQ(next("x."), "X~1");
    EXPECT_EQ(next("..."), "~1");
}

TEST(FatName, ManyNamesOfOneBeginning) {
    FatShortNames names;
    std::string last;
    for (int number = 0; number < 12345; ++number) last = format_fat_short_name(*names.make("long file name"));
    EXPECT_EQ(last, "LO~12345");
}

TEST(FatName, CaseIsFoldedInSeveralAlphabets) {
    const auto folded = [](std::string_view name) { return fat_folded(*utf16_from_utf8(name)); };
    EXPECT_EQ(folded("Config.txt"), folded("CONFIG.TXT"));
    EXPECT_EQ(folded("\xc3\xa4\xc5\x93\xc5\xbe\xc3\xbf"),
              folded("\xc3\x84\xc5\x92\xc5\xbd\xc5\xb8"));  // a-umlaut oe z-caron y-diaeresis
    EXPECT_EQ(folded("\xce\xb1\xcf\x82\xcf\x8e"),
              folded("\xce\x91\xce\xa3\xce\x8f"));                      // alpha, final sigma, omega
    EXPECT_EQ(folded("\xd0\xb6\xd1\x91"), folded("\xd0\x96\xd0\x81"));  // zhe io
    EXPECT_NE(folded("\xc3\xb7"), folded("\xc3\x97"));                  // division is no small multiplication sign
    EXPECT_NE(folded("a"), folded("\xc3\xa4"));
}

TEST(FatName, LongNamesGoThereAndBack) {
    for (const std::size_t length : {1U, 12U, 13U, 14U, 26U, 255U}) {
        const std::u16string name(length, u'\u20ac');
        const std::size_t count = fat_long_entries(length);
        Bytes bytes(count * FatEntry::size_on_disk);
        store_fat_long_name(bytes.data(), name, 0x5a);
        std::u16string back;
        for (std::size_t index = count; index-- > 0;) {
            const FatLongEntry entry = parse_fat_long_entry(bytes.data() + index * FatEntry::size_on_disk);
            EXPECT_EQ(entry.number, count - index);
            EXPECT_EQ(entry.last, index == 0);
            EXPECT_EQ(entry.checksum, 0x5a);
            back += entry.units;
        }
        EXPECT_EQ(back, name);
    }
}

}  // namespace
}  // namespace rpixen
