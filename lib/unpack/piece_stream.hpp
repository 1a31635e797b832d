#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/bytes.hpp"
#include "base/digest.hpp"
#include "storage/input_file.hpp"
#include "unpack/pieces.hpp"
#include "unpack/unpacker.hpp"

namespace rpixen {

/// Unpacked bytes on their way from one thread to another.
struct Block {
    Bytes bytes;  ///< empty until it is first used
    std::size_t filled = 0;
};

/// One piece of a packed file, unpacked by a thread of its own, as many blocks ahead of its reader as the ring has; by
/// the reader itself where no thread is to be had.
class PieceStream {
  public:
    struct Input {
        std::shared_ptr<const InputFile> file;
        Packing packing = Packing::plain;
        std::atomic<std::uint64_t>* position = nullptr;  ///< counts the packed bytes that were read
        Sha256* sha256 = nullptr;                        ///< takes all of the piece's packed bytes, where there is one
    };

    PieceStream(Input input, Piece piece, std::vector<Block> ring);
    ~PieceStream();
    PieceStream(const PieceStream&) = delete;
    PieceStream& operator=(const PieceStream&) = delete;

    /// The next bytes, valid until the next call; nothing at the end. Throws Error{artifact}, with the file's name:
    /// damaged or cut off; Error{io}.
    ByteView next();
    /// The blocks, for another piece; after the end only.
    std::vector<Block> take_ring();

  private:
    ByteView read_input();
    std::size_t read_into(MutableBytes out);
    bool fill(Block& block);
    Block* free_block();
    void give_block();
    void run() noexcept;

    Input input_;
    Piece piece_;
    std::uint64_t position_;
    Bytes packed_;
    std::unique_ptr<Unpacker> unpacker_;

    // Shared between the two threads, under the mutex: blocks [taken, given) of the ring are filled.
    std::vector<Block> ring_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t given_ = 0;
    std::uint64_t taken_ = 0;
    bool ended_ = false;
    bool abandoned_ = false;
    std::exception_ptr failure_;

    bool holding_ = false;  ///< the reader still looks at block `taken_`
    std::thread thread_;
};

}  // namespace rpixen
