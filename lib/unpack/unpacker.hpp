#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/bytes.hpp"
#include "unpack/packing.hpp"

namespace rpixen {

/// Gives packed bytes piece by piece; nothing at the end. A piece stays valid until the next one is asked
/// for.
using ReadPacked = std::function<ByteView()>;

/// Turns packed bytes into plain ones. Every checksum that the format has is proven.
class Unpacker {
  public:
    virtual ~Unpacker() = default;
    /// Fills `out` and returns how much of it; less than all only at the end, 0 behind it.
    /// Throws Error{artifact} (without a place): damaged or cut off; and what the ReadPacked throws.
    virtual std::size_t read(MutableBytes out) = 0;
};

/// gzip through zlib: libarchive's filter does not look at the checksum (3.6.2: 57 of 60 flipped
/// bits went through). What follows the last member is passed over, as gzip does, unless more pieces of the file come
/// behind these bytes (`last` is false): then it is damage.
std::unique_ptr<Unpacker> gzip_unpacker(ReadPacked read, bool last);

/// zstd through libzstd, with windows of up to 2 GiB (libarchive allows 128 MiB).
std::unique_ptr<Unpacker> zstd_unpacker(ReadPacked read);

/// xz through liblzma, whose decoder takes the blocks of a stream side by side (xz -T0 writes many).
std::unique_ptr<Unpacker> xz_unpacker(ReadPacked read);

/// bzip2 and lz4 through libarchive's filters.
/// Throws Error{unavailable} where libarchive was built without it.
std::unique_ptr<Unpacker> archive_unpacker(Packing packing, ReadPacked read);

/// The one for a packing that is not plain; `last` as for gzip_unpacker().
std::unique_ptr<Unpacker> make_unpacker(Packing packing, bool last, ReadPacked read);

}  // namespace rpixen
