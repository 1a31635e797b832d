#pragma once

#include <string>
#include <string_view>

namespace rpixen {

/// A name from an input for a message: control characters, backslashes and bytes that are no UTF-8 as "\xNN".
/// The result is one line of valid UTF-8.
std::string printable(std::string_view name);

/// The same for a text of several lines: newlines, tabs and backslashes stay.
std::string printable_text(std::string_view text);

}  // namespace rpixen
