#include "base/markup.hpp"

#include <gtest/gtest.h>

namespace rpixen {
namespace {

TEST(Markup, WhatIsMarkupIsEscaped) {
    EXPECT_EQ(escape_markup("<b a=\"1\" c='2'>&amp;</b>"),
              "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp;&lt;/b&gt;");
    EXPECT_EQ(escape_markup("one\n\ttwo"), "one\n\ttwo");
    EXPECT_EQ(escape_markup("\xc3\xa9 \xe2\x82\xac \xf0\x9f\xa5\xa7"), "\xc3\xa9 \xe2\x82\xac \xf0\x9f\xa5\xa7");
    EXPECT_EQ(escape_markup(""), "");
}

TEST(Markup, WhatIsNoTextIsReplaced) {
    EXPECT_EQ(escape_markup("\xff<"), "\xef\xbf\xbd&lt;");
    EXPECT_EQ(escape_markup("\xc0\xbc"), "\xef\xbf\xbd\xef\xbf\xbd") << "an overlong '<'";
    EXPECT_EQ(escape_markup("\xe2\x82"), "\xef\xbf\xbd\xef\xbf\xbd") << "cut off";
    EXPECT_EQ(escape_markup(std::string_view("a\0\x1b\r\x7f", 5)), "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    EXPECT_EQ(escape_markup("\xc2\x9b"), "\xef\xbf\xbd") << "a C1 control character";
    EXPECT_EQ(escape_markup("\xe2\x80\xaegpj.exe"), "\xef\xbf\xbdgpj.exe") << "right to left from here on";
    EXPECT_EQ(escape_markup("\xe2\x80\x99 \xe2\x81\xa7"), "\xe2\x80\x99 \xef\xbf\xbd");
    EXPECT_EQ(escape_markup("\xef\xbf\xbf"), "\xef\xbf\xbd") << "U+FFFF";
}

}  // namespace
}  // namespace rpixen
