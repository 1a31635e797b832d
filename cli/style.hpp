#pragma once

#include <string>
#include <string_view>

namespace rpixen::cli {

/// The same text with "error", "warning" and "note" at the beginning of a line in colour, as findings and messages have
/// them (also behind "rpixen-img: ").
std::string colored(std::string_view text);

/// Text for a terminal of `width` columns: the lines of a paragraph are joined and broken anew between words. Lines
/// that begin with a space stay as they are, and a word that is longer than a line has one of its own.
std::string wrapped(std::string_view text, std::size_t width);

/// One row of a table: `left`, then `right` from the column `indent` on, broken at `width`.
std::string table_row(std::string_view left, std::string_view right, std::size_t indent, std::size_t width);

}  // namespace rpixen::cli
