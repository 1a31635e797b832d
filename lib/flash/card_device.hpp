#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.hpp"

namespace rpixen {

/// What a card is written to and read back from. Places and lengths are multiples of block_size(), and the bytes lie
/// in a PageBuffer.
class CardDevice {
  public:
    virtual ~CardDevice() = default;
    /// For messages: as the user named it.
    virtual const std::string& name() const = 0;
    virtual std::uint64_t size() const = 0;  ///< bytes, as it says of itself
    /// Of a sector, in bytes: a power of two, at most a page.
    virtual std::uint64_t block_size() const = 0;
    /// Throws Error{io} that names the first byte that could not be written, as read() does.
    virtual void write(std::uint64_t place, ByteView bytes) = 0;
    virtual void read(std::uint64_t place, MutableBytes bytes) = 0;
    /// Brings every byte to the device and forgets what the system keeps of it: what is read then comes from the
    /// device. Throws Error{io}.
    virtual void settle() = 0;
};

}  // namespace rpixen
