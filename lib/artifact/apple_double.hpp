#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.hpp"

namespace rpixen {

/// Whether a file of that path, size and first bytes is an AppleDouble file ("._name"), in which macOS keeps
/// a file's attributes where a file system or archive has no place for them. Fact: RFC 1740, appendix B
/// (magic 0x00051607, a header of 26 bytes).
bool is_apple_double(std::string_view path, std::uint64_t size, ByteView start);

}  // namespace rpixen
