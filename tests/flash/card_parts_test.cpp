#include "flash/card_parts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rpixen {
namespace {

using testing::ElementsAre;

TEST(CardParts, TheHeadComesFirstAndIsWhole) {
    EXPECT_THAT(card_parts({{0, 512}}, 8 * MiB, 8 * MiB), ElementsAre(Range{0, MiB}));
    EXPECT_THAT(card_parts({}, 8 * MiB, 8 * MiB), ElementsAre(Range{0, MiB}));
    EXPECT_THAT(card_parts({{0, 100}}, 100, 8 * MiB), ElementsAre(Range{0, 4096}));
}

TEST(CardParts, TheyEndAtEraseBlocks) {
    EXPECT_THAT(card_parts({{0, 9 * MiB}}, 16 * MiB, 16 * MiB),
                ElementsAre(Range{0, MiB}, Range{MiB, 4 * MiB}, Range{4 * MiB, 8 * MiB}, Range{8 * MiB, 9 * MiB}));
    EXPECT_THAT(card_parts({{7 * MiB, 9 * MiB}}, 16 * MiB, 16 * MiB),
                ElementsAre(Range{0, MiB}, Range{7 * MiB, 8 * MiB}, Range{8 * MiB, 9 * MiB}));
}

TEST(CardParts, TheyAreWholePagesAndShortGapsAreWrittenToo) {
    EXPECT_THAT(card_parts({{2 * MiB + 600, 2 * MiB + 700}, {2 * MiB + 60000, 2 * MiB + 60001}, {3 * MiB, 3 * MiB + 1}},
                           8 * MiB, 8 * MiB),
                ElementsAre(Range{0, MiB}, Range{2 * MiB, 2 * MiB + 61440}, Range{3 * MiB, 3 * MiB + 4096}));
}

TEST(CardParts, TheyEndWithTheDevice) {
    // An image of whole sectors, but not of whole pages, on a device that is just as large.
    EXPECT_THAT(card_parts({{2 * MiB, 2 * MiB + 512}}, 2 * MiB + 512, 2 * MiB + 512),
                ElementsAre(Range{0, MiB}, Range{2 * MiB, 2 * MiB + 512}));
    EXPECT_THAT(card_parts({{2 * MiB, 2 * MiB + 512}}, 2 * MiB + 512, 4 * MiB),
                ElementsAre(Range{0, MiB}, Range{2 * MiB, 2 * MiB + 4096}));
}

}  // namespace
}  // namespace rpixen
