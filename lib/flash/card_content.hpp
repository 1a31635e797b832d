#pragma once

#include <cstdint>
#include <vector>

#include "base/size.hpp"
#include "format/parse_bmap.hpp"
#include "storage/content.hpp"

namespace rpixen {

/// What a card is to hold.
struct CardContent {
    Content image;
    std::vector<Range> ranges;         ///< what of the image matters: ascending, apart
    std::vector<DigestedRange> known;  ///< of which the digests are known: ascending, each inside the ranges; or none
};

}  // namespace rpixen
