#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "storage/content.hpp"

namespace rpixen {

/// How many bytes behind the start of a needle its follower sees, where the content has them.
inline constexpr std::size_t scan_context = 512;

/// Tells of a needle that was found: its number, its offset in the content, and the bytes from there on.
/// True: look for that needle no further.
using ScanFound = std::function<bool(std::size_t needle, std::uint64_t offset, ByteView bytes)>;

/// Searches a content for several byte strings in one pass, reading a piece at a time. Needles are 1 to 64
/// bytes.
void scan(const Content& content, std::span<const std::string_view> needles, const ScanFound& found);

}  // namespace rpixen
