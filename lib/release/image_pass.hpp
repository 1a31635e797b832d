#pragma once

#include <string>
#include <vector>

#include <rpixen/progress.hpp>
#include <rpixen/release.hpp>

#include "base/size.hpp"
#include "format/bmap.hpp"
#include "pack/block_compressor.hpp"
#include "storage/output_file.hpp"

namespace rpixen {

/// What one reading of an image gives.
struct ImagePass {
    std::string image_sha256;       ///< of all of it
    Bmap map;                       ///< of what has to be written to a card, with digests
    std::uint64_t packed_size = 0;  ///< bytes
    std::string packed_sha256;      ///< of what was written to `packed`
};

/// Reads an image of `size` bytes once, in order: takes its digest and that of each of `mapped` (byte ranges,
/// ascending), and compresses it into `packed` beside that, on `threads` threads. Where nothing is to be compressed
/// `packed` is null. Throws Error{io, cancelled}.
ImagePass pass_over(const OutputFile& image, std::uint64_t size, const std::vector<Range>& mapped,
                    Compression compression, OutputFile* packed, unsigned threads, const Supervision& supervision);

}  // namespace rpixen
