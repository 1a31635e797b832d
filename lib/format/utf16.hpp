#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rpixen {

/// Nothing where `text` is not valid UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF).
std::optional<std::u16string> utf16_from_utf8(std::string_view text);

/// A surrogate without its partner becomes U+FFFD.
std::string utf8_from_utf16(std::u16string_view text);

}  // namespace rpixen
