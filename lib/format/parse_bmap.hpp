#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/budget.hpp"
#include "base/digest.hpp"
#include "base/size.hpp"

namespace rpixen {

/// A part of an image, with the SHA-256 of its bytes.
struct DigestedRange {
    Range bytes;
    Sha256Digest digest{};
    friend bool operator==(const DigestedRange&, const DigestedRange&) = default;
};

/// What a block map says of its image: which parts of it have to be written to a card.
struct BlockMap {
    std::uint64_t image_size = 0;       ///< bytes
    std::vector<DigestedRange> ranges;  ///< ascending, apart, inside the image

    static constexpr std::uint64_t most_bytes = 64 * MiB;  ///< of a block map's text
};

/// A range is a step.
inline constexpr Budget bmap_budget{.of = "a block map", .steps = 1'000'000};

/// Reads a block map of version 2 with SHA-256, as bmaptool, Yocto's wic and format_bmap() write it: XML without
/// entities and CDATA (bmap-tools, bmaptool/BmapCreate.py and BmapCopy.py). Its own checksum has to be right, and its
/// numbers have to fit each other. Nothing where it is of another version or has other digests. `name` is for messages.
/// Throws Error{artifact}.
std::optional<BlockMap> parse_bmap(std::string_view text, const std::string& name, const Budget& budget = bmap_budget);

}  // namespace rpixen
