#pragma once

#include <cstddef>
#include <string_view>

namespace rpixen {

/// Length of the valid UTF-8 sequence at the start of `text`, 0 where there is none (RFC 3629: no overlong forms, no
/// surrogates, at most U+10FFFF).
std::size_t utf8_length(std::string_view text) noexcept;

}  // namespace rpixen
