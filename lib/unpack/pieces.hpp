#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.hpp"
#include "storage/input_file.hpp"
#include "unpack/packing.hpp"

namespace rpixen {

/// Bytes [begin, end) of a packed file that can be unpacked without those before them.
struct Piece {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    bool last = false;
};

/// Cuts packed bytes where unpacking can begin anew, by reading headers only: between frames of zstd (pzstd and `zstd`
/// of several files write many; RFC 8878, 3.1) and between the blocks of bgzip, members of gzip that tell their size
/// (SAMv1.pdf, 4.1). A piece has whole frames of at least 1 MiB together. What is packed otherwise is one piece;
/// from a frame on that is not as it should be all belongs to the piece before, as who unpacks that knows whether
/// anything may stand behind it.
class Pieces {
  public:
    Pieces(std::shared_ptr<const InputFile> file, std::uint64_t begin, std::uint64_t end, Packing packing);

    /// Nothing behind the last one. Throws Error{io}.
    std::optional<Piece> next();

  private:
    ByteView bytes_at(std::uint64_t position, std::size_t size);
    std::optional<std::uint64_t> frame_end(std::uint64_t begin);
    std::optional<std::uint64_t> zstd_frame_end(std::uint64_t begin);
    std::optional<std::uint64_t> bgzip_block_end(std::uint64_t begin);

    std::shared_ptr<const InputFile> file_;
    std::uint64_t next_;
    std::uint64_t end_;
    Packing packing_;
    bool any_ = false;
    std::optional<std::uint64_t> frame_;  ///< the end of the frame that begins at `next_`
    // Small frames are many: their headers are read together.
    std::array<std::byte, 512> window_{};
    std::uint64_t window_begin_ = 0;
    std::size_t window_size_ = 0;
};

}  // namespace rpixen
