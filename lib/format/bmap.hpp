#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "base/size.hpp"

namespace rpixen {

/// A run of blocks that hold data, with the digest of their bytes.
struct BmapRange {
    Range blocks;  ///< half-open, of Bmap::block_size
    Sha256Digest digest{};
};

/// A block map, version 2.0, as bmaptool reads it (bmap-tools, bmaptool/BmapCreate.py): which blocks of an
/// image have to be written to a card.
struct Bmap {
    static constexpr std::uint64_t block_size = 4096;      ///< bytes
    static constexpr std::uint64_t least_gap = 64 * 1024;  ///< bytes

    std::uint64_t image_size = 0;   ///< bytes
    std::vector<BmapRange> ranges;  ///< ascending, disjoint
};

/// The runs of blocks (half-open) that cover `mapped` (bytes, ascending), merged where less than `least_gap` lies
/// between them, cut at the image's end. A card takes one long write faster than two with a small gap. A digest covers
/// the bytes of such a run, in the last block up to the image's end.
std::vector<Range> bmap_blocks(const std::vector<Range>& mapped, std::uint64_t image_size);

/// The file's text, its own checksum filled in.
std::string format_bmap(const Bmap& bmap);

}  // namespace rpixen
