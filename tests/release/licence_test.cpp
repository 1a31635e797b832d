#include <gtest/gtest.h>

#include "release/licence.hpp"

namespace rpixen::test {
namespace {

TEST(Licence, ExpressionsOfSpdxStay) {
    for (const char* text : {"MIT", "GPL-2.0-only WITH Linux-syscall-note", "(MIT OR Apache-2.0) AND BSD-3-Clause",
                             "MIT AND (ISC OR (Zlib AND curl))"})
        EXPECT_EQ(licence_expression(text), text);
}

TEST(Licence, YoctosSignsAreSpeltOut) {
    EXPECT_EQ(licence_expression("GPL-2.0-only & (MIT|ISC)"), "GPL-2.0-only AND (MIT OR ISC)");
}

TEST(Licence, WhatIsNoExpressionIsNone) {
    for (const char* text :
         {"", " ", "GPLv2+", "GPLv2+ and MIT", "MIT ISC", "MIT AND", "AND MIT", "(MIT", "MIT)", "()", "MIT WITH",
          "MIT WITH MIT", "WITH Linux-syscall-note", "MIT AND AND ISC", "mit", "MIT\n", "LicenseRef-x"})
        EXPECT_EQ(licence_expression(text), std::nullopt) << text;
    std::string long_one = "MIT";
    for (int count = 0; count < 300; ++count) long_one += " OR MIT";
    EXPECT_EQ(licence_expression(long_one), std::nullopt);
}

}  // namespace
}  // namespace rpixen::test
