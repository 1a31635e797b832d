#pragma once

#include <cstdint>

#include "base/bytes.hpp"

namespace rpixen {

/// CRC-32 of ISO 3309 (polynomial 0xedb88320, reflected, inverted at both ends): what U-Boot, GPT and zlib
/// use. `before` is the CRC of what precedes, so that crc32(b, crc32(a)) is the CRC of a followed by b.
std::uint32_t crc32(ByteView bytes, std::uint32_t before = 0);

}  // namespace rpixen
