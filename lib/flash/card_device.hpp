#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.hpp"

namespace rpixen {

/// What a card is written to and read back from, in whole pages (PageBuffer::page), or up to its end where that is
/// none; the bytes lie in a PageBuffer.
class CardDevice {
  public:
    virtual ~CardDevice() = default;
    /// For messages: as the user named it.
    virtual const std::string& name() const = 0;
    virtual std::uint64_t size() const = 0;  ///< bytes, as it says of itself
    /// Throws Error{io} that names the first byte that could not be written, as read() does.
    virtual void write(std::uint64_t place, ByteView bytes) = 0;
    virtual void read(std::uint64_t place, MutableBytes bytes) = 0;
    /// Brings every byte to the device and forgets what the system keeps of it: what is read then comes from the
    /// device. Throws Error{io}.
    virtual void settle() = 0;
};

}  // namespace rpixen
