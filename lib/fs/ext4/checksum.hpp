#pragma once

#include <cstdint>

#include "base/bytes.hpp"
#include "base/digest.hpp"

namespace rpixen::ext4 {

/// CRC-32C as ext4 chains it (no final inversion). By the processor's instruction where it has one (SSE4.2),
/// else through libext2fs, whose table takes eight times as long.
std::uint32_t crc32c(std::uint32_t crc, ByteView bytes);

/// The seeds of metadata_csum: every checksum begins with the file system's UUID, those of an inode's own
/// blocks with its number and generation (here 0) too.
class ChecksumSeed {
  public:
    explicit ChecksumSeed(const Uuid& uuid) : value_(crc32c(0xffffffff, uuid)) {}
    std::uint32_t value() const { return value_; }
    std::uint32_t of_inode(std::uint32_t number) const;

  private:
    std::uint32_t value_;
};

}  // namespace rpixen::ext4
