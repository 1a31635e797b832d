#include "base/readable.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace rpixen {
namespace {

TEST(Readable, SizesHaveThreeDigits) {
    EXPECT_EQ(rounded_size(0), "0 B");
    EXPECT_EQ(rounded_size(999), "999 B");
    EXPECT_EQ(rounded_size(1000), "0.98 KiB");
    EXPECT_EQ(rounded_size(38587596), "36.8 MiB");
    EXPECT_EQ(rounded_size(784 << 20), "784 MiB");
    EXPECT_EQ(rounded_size(std::numeric_limits<std::uint64_t>::max()), "16777216 TiB");
}

TEST(Readable, TimesAreInUtc) {
    EXPECT_EQ(utc_time(0), "1970-01-01 00:00:00");
    EXPECT_EQ(utc_time(0xffffffff), "2106-02-07 06:28:15");
    EXPECT_EQ(utc_time(std::numeric_limits<std::int64_t>::max()), "9223372036854775807");
}

TEST(Readable, FixedNumbersHaveAPoint) {
    EXPECT_EQ(fixed(1.25, 1), "1.2");
    EXPECT_EQ(fixed(-3, 0), "-3");
    EXPECT_GT(fixed(std::numeric_limits<double>::max(), 1).size(), 300U);
}

}  // namespace
}  // namespace rpixen
