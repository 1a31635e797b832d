#pragma once

#include <cstdint>
#include <string>

// The marks that drawings are made of, as SVG. Lengths are in the picture's own units.

namespace rpixen {

/// How wide letters are at most on the average: names are bold, digits of one width, remarks small.
constexpr double name_letter = 8.8;
constexpr double digit_letter = 7.3;
constexpr double remark_letter = 7.1;

/// With one digit behind the point.
std::string number(double value);
std::string rectangle(const std::string& kind, double x, double y, double w, double h, double round = 0);
/// A line of text; `kind` names the rules of its style.
std::string words(const std::string& kind, double x, double y, const std::string& text, const char* anchor = "start");
/// A text that may take no more room than this is cut short, with an ellipsis. `letter` is how wide a letter is.
std::string cut(const std::string& text, double room, double letter);
/// A line without a filling.
std::string stroke(const std::string& path);
/// "4.5 MiB" reads better than 4718592 bytes.
std::string size_text(std::uint64_t bytes);

}  // namespace rpixen
