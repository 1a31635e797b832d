#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <future>

#include "pack/block_compressor.hpp"

namespace rpixen {

/// A file that is compressed beside other work: blocks go in, in order, and come out in the same order, compressed on
/// as many threads as asked for; where the system gives no thread, by the caller. Holds `threads` + 1 blocks at most.
class PackStream {
  public:
    using Write = std::function<void(ByteView)>;

    /// `write` takes the file's bytes, in the caller's thread, and may throw. With Compression::none they are the
    /// blocks' own.
    PackStream(Compression compression, unsigned threads, Write write);
    /// Waits for the threads; what was not finished is lost.
    ~PackStream();
    PackStream(const PackStream&) = delete;
    PackStream& operator=(const PackStream&) = delete;

    /// The next block of the file: BlockCompressor::block_size bytes, but for the last.
    void add(Bytes block);
    /// Writes what is left, and the file's end.
    void finish();
    /// A block's buffer that is no longer needed, or an empty one.
    Bytes take_buffer();

  private:
    struct Done {
        Bytes block;
        CompressedBlock compressed;
    };
    void write_first();

    std::unique_ptr<BlockCompressor> compressor_;
    unsigned threads_;
    Write write_;
    std::deque<std::future<Done>> pending_;
    std::vector<Bytes> buffers_;
};

}  // namespace rpixen
