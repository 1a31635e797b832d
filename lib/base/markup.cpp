#include "base/markup.hpp"

#include "base/utf8.hpp"

namespace rpixen {
namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";  // U+FFFD

/// What a character is written as where it does not stand for itself; empty where it does.
std::string_view written_as(char letter) {
    switch (letter) {
        case '&':
            return "&amp;";
        case '<':
            return "&lt;";
        case '>':
            return "&gt;";
        case '"':
            return "&quot;";
        case '\'':
            return "&#39;";
        default:
            return {};
    }
}

/// C0 but newline and tab, DEL, C1, what turns the direction of the text behind it (U+202A to U+202E, U+2066 to
/// U+2069), and the two code points that XML 1.0 leaves out.
bool is_no_text(std::string_view character) {
    const auto lead = static_cast<unsigned char>(character[0]);
    if (character.size() == 1) return (lead < 0x20 && lead != '\n' && lead != '\t') || lead == 0x7f;
    if (character.size() == 2) return lead == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
    if (character.starts_with("\xe2\x80")) return character[2] >= '\xaa' && character[2] <= '\xae';
    if (character.starts_with("\xe2\x81")) return character[2] >= '\xa6' && character[2] <= '\xa9';
    return character == "\xef\xbf\xbe" || character == "\xef\xbf\xbf";
}

}  // namespace

std::string escape_markup(std::string_view text) {
    std::string safe;
    safe.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        const std::string_view character = text.substr(0, length);
        if (length == 0 || is_no_text(character)) {
            safe += replacement;
        } else if (const std::string_view escape = written_as(text[0]); !escape.empty()) {
            safe += escape;
        } else {
            safe += character;
        }
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return safe;
}

}  // namespace rpixen
