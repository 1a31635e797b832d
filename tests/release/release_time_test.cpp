#include <gtest/gtest.h>

#include <limits>

#include "release/release_time.hpp"

namespace rpixen::test {
namespace {

TEST(ReleaseTime, IsInUtc) {
    EXPECT_EQ(rfc3339_time(0), "1970-01-01T00:00:00Z");
    EXPECT_EQ(rfc3339_time(1'700'000'000), "2023-11-14T22:13:20Z");
    EXPECT_EQ(rfc3339_time(951'782'399), "2000-02-28T23:59:59Z");
    EXPECT_EQ(rfc3339_time(951'782'400), "2000-02-29T00:00:00Z");
    EXPECT_EQ(rfc3339_time(-1), "1969-12-31T23:59:59Z");
    EXPECT_EQ(rfc3339_date(1'700'000'000), "2023-11-14");
}

TEST(ReleaseTime, StaysWithinTheYearsThatItCanWrite) {
    EXPECT_EQ(rfc3339_time(std::numeric_limits<std::int64_t>::max()), "9999-12-31T23:59:59Z");
    EXPECT_EQ(rfc3339_time(std::numeric_limits<std::int64_t>::min()), "0000-01-01T00:00:00Z");
}

}  // namespace
}  // namespace rpixen::test
