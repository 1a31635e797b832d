#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "base/bytes.hpp"
#include "base/size.hpp"

namespace rpixen {

/// How a file is compressed.
enum class Compression : std::uint8_t { none, zstd, xz, gzip };

/// All that do compress.
inline constexpr std::array compressions{Compression::zstd, Compression::xz, Compression::gzip};

/// "zst", "xz", "gz"; empty for none. With a dot before it, what the file's name ends with.
const char* suffix_of(Compression compression) noexcept;

/// A compressed block and what its place in the file needs to know of it.
struct CompressedBlock {
    Bytes bytes;
    std::uint64_t size = 0;      ///< bytes that it unpacks to
    std::uint64_t unpadded = 0;  ///< xz: of the block without its padding (the .xz format, 4.3)
    std::uint32_t checksum = 0;  ///< gzip: CRC-32 of what it unpacks to
};

/// Compresses a file in blocks that know nothing of each other, so that they can be made on any number of threads, in
/// any order, and the file's bytes do not depend on that. Any of the field's programs unpacks the file.
class BlockCompressor {
  public:
    /// What every block but the last should have: a few times the window of each format.
    static constexpr std::uint64_t block_size = 8 * MiB;

    virtual ~BlockCompressor() = default;
    /// The bytes that the file begins with.
    virtual Bytes start() { return {}; }
    /// Compresses one block. May be called from many threads at once. Throws std::bad_alloc.
    virtual CompressedBlock compress(ByteView block) const = 0;
    /// Takes note of a block, in the order of the file.
    virtual void follow(const CompressedBlock& block) { static_cast<void>(block); }
    /// The bytes that the file ends with.
    virtual Bytes finish() { return {}; }
};

/// Null for Compression::none.
std::unique_ptr<BlockCompressor> make_compressor(Compression compression);

/// Frames of RFC 8878, one a block, with their size and a checksum; level 3, as zstd(1) by default.
std::unique_ptr<BlockCompressor> zstd_compressor();
/// One stream of the .xz format 1.1.0 with a block for each of ours, CRC64; preset 6, as xz(1) by default.
std::unique_ptr<BlockCompressor> xz_compressor();
/// One member of RFC 1952 without name and time; blocks end with a full flush, as pigz(1) --independent makes them;
/// level 6.
std::unique_ptr<BlockCompressor> gzip_compressor();

}  // namespace rpixen
