#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace rpixen {

/// RFC 4648, section 4, with padding and without line ends.
std::string base64(ByteView bytes);

/// The way back; takes the alphabet of section 5 ("-", "_") too, with padding or without. Nothing where the text holds
/// anything else.
std::optional<Bytes> parse_base64(std::string_view text);

}  // namespace rpixen
