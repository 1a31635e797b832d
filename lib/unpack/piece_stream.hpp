#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "base/digest.hpp"
#include "storage/input_file.hpp"
#include "unpack/blocks_ahead.hpp"
#include "unpack/pieces.hpp"
#include "unpack/unpacker.hpp"

namespace rpixen {

/// One piece of a packed file, unpacked by a thread of its own, as many blocks ahead of its reader as the ring has; by
/// the reader itself where no thread is to be had.
class PieceStream {
  public:
    struct Input {
        std::shared_ptr<const InputFile> file;
        Packing packing = Packing::plain;
        std::atomic<std::uint64_t>* position = nullptr;  ///< counts the packed bytes that were read
        Sha256* sha256 = nullptr;                        ///< takes all of the piece's packed bytes, where there is one
        bool read_ahead = false;                         ///< packed bytes are read by a thread of their own, too
    };

    PieceStream(Input input, Piece piece, std::vector<Block> ring);

    /// The next bytes, valid until the next call; nothing at the end. Throws Error{artifact}, with the file's name:
    /// damaged or cut off; Error{io}.
    ByteView next() { return blocks_.next(); }
    /// The blocks, for another piece; after the end only.
    std::vector<Block> take_ring() { return blocks_.take_ring(); }

  private:
    bool read_block(Block& block);
    ByteView read_input();
    std::size_t read_into(MutableBytes out);
    bool fill(Block& block);

    Input input_;
    Piece piece_;
    std::uint64_t position_;
    Block packed_;
    std::optional<BlocksAhead> packed_ahead_;
    std::unique_ptr<Unpacker> unpacker_;
    BlocksAhead blocks_;  ///< whose thread uses all of the above
};

}  // namespace rpixen
