#pragma once

#include <array>
#include <cstddef>

#include "base/bytes.hpp"

namespace rpixen {

/// BLAKE2b of 64 bytes (RFC 7693), which minisign signs in place of the message.
std::array<std::byte, 64> blake2b(ByteView bytes);

}  // namespace rpixen
