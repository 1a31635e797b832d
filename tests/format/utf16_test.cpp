#include "format/utf16.hpp"

#include <gtest/gtest.h>

namespace rpixen {
namespace {

TEST(Utf16, GoesThereAndBack) {
    const std::string text = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x8d\x93";
    const auto units = utf16_from_utf8(text);
    ASSERT_TRUE(units);
    EXPECT_EQ(*units, u"a\u00e4\u20ac\U0001F353");
    EXPECT_EQ(utf8_from_utf16(*units), text);
    EXPECT_EQ(utf16_from_utf8(""), u"");
}

TEST(Utf16, RefusesInvalidUtf8) {
    for (const char* text : {"\xff", "\x80", "\xc3", "\xc3(", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
                             "\xf4\x90\x80\x80", "\xf0\x80\x80\x80", "\xf8\x88\x80\x80\x80"})
        EXPECT_FALSE(utf16_from_utf8(text)) << text;
}

TEST(Utf16, LoneSurrogatesBecomeTheReplacementCharacter) {
    const char16_t units[] = {u'a', 0xd83c, u'b', 0xdf53, 0xd83c};
    EXPECT_EQ(utf8_from_utf16({units, 5}),
              "a\xef\xbf\xbd"
              "b\xef\xbf\xbd\xef\xbf\xbd");
}

}  // namespace
}  // namespace rpixen
