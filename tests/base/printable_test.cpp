#include "base/printable.hpp"

#include <gtest/gtest.h>

namespace rpixen {
namespace {

TEST(Printable, KeepsTextAndShowsTheRest) {
    EXPECT_EQ(printable("etc/passwd"), "etc/passwd");
    EXPECT_EQ(printable("\xc3\xa9 \xe2\x82\xac \xf0\x9f\xa5\xa7"), "\xc3\xa9 \xe2\x82\xac \xf0\x9f\xa5\xa7");
    EXPECT_EQ(printable("a\nb\x1b[31m\x7f"), "a\\x0ab\\x1b[31m\\x7f");
    EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a\\x00b");
    EXPECT_EQ(printable("back\\slash"), "back\\x5cslash");
    EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b") << "a C1 control character";
}

TEST(Printable, ATextKeepsItsLines) {
    EXPECT_EQ(printable_text("one\n\ttwo \\ three\r\x1b[31m\n"), "one\n\ttwo \\ three\\x0d\\x1b[31m\n");
    EXPECT_EQ(printable_text("\xc2\x9b \xff \xc3\xa9"), "\\xc2\\x9b \\xff \xc3\xa9");
}

TEST(Printable, BytesThatAreNoUtf8) {
    EXPECT_EQ(printable("\xff\xfe"), "\\xff\\xfe");
    EXPECT_EQ(printable("\xc3"), "\\xc3") << "cut off";
    EXPECT_EQ(printable("\xe2\x82"), "\\xe2\\x82");
    EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf") << "overlong";
    EXPECT_EQ(printable("\xe0\x80\xaf"), "\\xe0\\x80\\xaf");
    EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "a surrogate";
    EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "beyond Unicode";
}

}  // namespace
}  // namespace rpixen
