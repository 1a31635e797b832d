#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/bytes.hpp"

namespace rpixen {

/// Bytes on their way from one thread to another.
struct Block {
    Bytes bytes;  ///< empty until it is first used
    std::size_t filled = 0;
};

/// Blocks that a thread of its own fills, as many ahead of their reader as the ring has; the reader itself where no
/// thread is to be had.
class BlocksAhead {
  public:
    /// Fills a block; false at the end, and it is not called again. What it throws next() throws.
    using Fill = std::function<bool(Block&)>;

    BlocksAhead(Fill fill, std::vector<Block> ring);
    /// Waits for the block that is being filled.
    ~BlocksAhead();
    BlocksAhead(const BlocksAhead&) = delete;
    BlocksAhead& operator=(const BlocksAhead&) = delete;

    /// The next block, valid until the next call; nothing at the end.
    ByteView next();
    /// The blocks, for another use; after the end only.
    std::vector<Block> take_ring();

  private:
    Block* free_block();
    void give_block();
    void run() noexcept;

    Fill fill_;
    // Shared between the two threads, under the mutex: blocks [taken, given) of the ring are filled.
    std::vector<Block> ring_;
    std::uint64_t few_;  ///< who has to wait does so for this many blocks: waking the other takes as long as 20 KiB of
                         ///< zstd
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
