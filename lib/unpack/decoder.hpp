#pragma once

#include <cstdint>
#include <memory>

#include "base/digest.hpp"
#include "base/size.hpp"
#include "storage/input_file.hpp"
#include "unpack/byte_stream.hpp"
#include "unpack/packing.hpp"

namespace rpixen {

/// What gzip, xz, zstd, bzip2 or lz4 bytes unpack to, or plain bytes as they are, as a stream. A thread of
/// its own reads and unpacks, a few blocks ahead of the reader; up to four where the file has several pieces (Pieces),
/// and liblzma's own for the blocks of xz. Throws Error{artifact} where the bytes are damaged or end early, Error{io}
/// where they cannot be read. What stands behind the compressed data in a file is left to libarchive's filters: gzip,
/// xz and bzip2 pass over it, zstd and lz4 refuse it.
class Decoder final : public ByteStream {
  public:
    static constexpr std::size_t largest_block = 256 * KiB;  ///< bytes that some() gives at most at once

    /// Unpacks [begin, end) of a file. `with_digest` takes the SHA-256 of those bytes on the way.
    Decoder(std::shared_ptr<const InputFile> file, std::uint64_t begin, std::uint64_t end, bool with_digest);
    ~Decoder() override;

    /// How the bytes are packed; known once the stream was looked at.
    Packing packing() const;
    /// Packed bytes read so far.
    std::uint64_t input_position() const;
    /// Of the packed bytes, once the stream has ended.
    Sha256Digest digest() const;

  protected:
    ByteView refill() override;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace rpixen
