#pragma once

#include <string>
#include <string_view>

namespace rpixen {

/// Foreign bytes as the text of an XML or HTML document, between tags and between quotes: what is markup is escaped,
/// and bytes that are no UTF-8, control characters but newline and tab, those that turn the direction of the text
/// behind them, and what XML 1.0 knows no character for become U+FFFD each.
std::string escape_markup(std::string_view text);

}  // namespace rpixen
