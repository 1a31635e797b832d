#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "base/size.hpp"
#include "storage/output_file.hpp"

namespace rpixen {

/// A part of the output file; offsets count from its first byte.
class PartitionOutput {
  public:
    PartitionOutput(OutputFile& output, Range range) : output_(output), range_(range) {}

    std::uint64_t size() const { return range_.size(); }
    std::uint64_t offset() const { return range_.begin; }
    OutputFile& output() const { return output_; }
    std::uint64_t bytes_written() const { return bytes_written_; }

    /// Throws Error{io}; Error{internal} where it would leave the partition.
    void write(std::uint64_t offset, ByteView bytes);
    void read(std::uint64_t offset, MutableBytes bytes) const;
    /// As share_range(), of bytes that lie at `from` in a file. Throws Error{internal} as write() does.
    bool share(std::uint64_t offset, int descriptor, std::uint64_t from, std::uint64_t length);
    /// Makes the bytes read as zeros. What lies behind the end of the file does so by itself.
    void clear(std::uint64_t offset, std::uint64_t length);

  private:
    void check(std::uint64_t offset, std::uint64_t length) const;

    OutputFile& output_;
    Range range_;
    std::uint64_t bytes_written_ = 0;
};

/// Gathers blocks of 4096 bytes that follow each other into large writes.
class BlockWriter {
  public:
    explicit BlockWriter(PartitionOutput& partition) : partition_(partition), buffer_(capacity) {}

    /// The zeroed bytes of `block`, to be filled in before the next call.
    MutableBytes block(std::uint32_t block);
    /// Writes what is gathered. Without this call it is lost.
    void flush();

  private:
    static constexpr std::size_t capacity = 256 * 1024;

    PartitionOutput& partition_;
    Bytes buffer_;
    std::uint32_t first_ = 0;
    std::size_t used_ = 0;  ///< bytes
};

}  // namespace rpixen
