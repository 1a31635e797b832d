#pragma once

#include <cstdint>

#include "base/bytes.hpp"

namespace rpixen {

/// How bytes are compressed, by their first bytes.
enum class Packing : std::uint8_t { plain, gzip, xz, zstd, bzip2, lz4 };

/// "none", "gzip", ...
const char* name_of(Packing packing) noexcept;

/// Facts: RFC 1952; the .xz format 1.1.0; RFC 8878 (also its skippable frames); bzip2's blocksort header; the
/// LZ4 frame format 1.6 and the legacy frame that the kernel's build writes.
Packing detect_packing(ByteView start);

/// Bytes of the window that the first frame of zstd data needs to be unpacked (RFC 8878, 3.1.1.1.2); 0 where
/// it is not told here.
std::uint64_t zstd_window(ByteView start);

}  // namespace rpixen
