#include "format/crc32.hpp"

#include <gtest/gtest.h>

namespace rpixen {
namespace {

TEST(Crc32, AgreesWithTheCheckValueOfTheStandard) {
    EXPECT_EQ(crc32(as_bytes("123456789")), 0xcbf43926U);
}

TEST(Crc32, ContinuesFromWhatPrecedes) {
    EXPECT_EQ(crc32(as_bytes("456789"), crc32(as_bytes("123"))), crc32(as_bytes("123456789")));
    EXPECT_EQ(crc32({}), 0U);
}

}  // namespace
}  // namespace rpixen
