#include "base/printable.hpp"

#include <cstdint>

namespace rpixen {
namespace {

/// Length of the valid UTF-8 sequence at the start of `text`, 0 where there is none (RFC 3629).
std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t index) -> unsigned {
        return index < text.size() ? static_cast<unsigned char>(text[index]) : 0U;
    };
    const unsigned lead = byte(0);
    const std::size_t length = lead < 0x80                   ? 1
                               : lead >= 0xc2 && lead < 0xe0 ? 2
                               : lead >= 0xe0 && lead < 0xf0 ? 3
                               : lead >= 0xf0 && lead < 0xf5 ? 4
                                                             : 0;
    for (std::size_t index = 1; index < length; ++index)
        if ((byte(index) & 0xc0U) != 0x80) return 0;
    if (lead == 0xe0 && byte(1) < 0xa0) return 0;   // overlong
    if (lead == 0xed && byte(1) >= 0xa0) return 0;  // a surrogate
    if (lead == 0xf0 && byte(1) < 0x90) return 0;   // overlong
    if (lead == 0xf4 && byte(1) >= 0x90) return 0;  // beyond U+10FFFF
    return length;
}

std::string escaped(std::string_view name, std::string_view kept) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    while (!name.empty()) {
        const auto lead = static_cast<unsigned char>(name[0]);
        std::size_t length = utf8_length(name);
        // C1 control characters (U+0080 ... U+009F) move a terminal's cursor as well.
        const bool plain = kept.find(name[0]) != std::string_view::npos;
        const bool control = (lead < 0x20 && !plain) || lead == 0x7f || (lead == '\\' && !plain) ||
                             (lead == 0xc2 && length == 2 && static_cast<unsigned char>(name[1]) < 0xa0);
        if (length == 0 || control) {
            text += "\\x";
            text += digits[lead >> 4];
            text += digits[lead & 15U];
            length = 1;
        } else {
            text.append(name.substr(0, length));
        }
        name.remove_prefix(length);
    }
    return text;
}

}  // namespace

std::string printable(std::string_view name) {
    return escaped(name, "");
}

std::string printable_text(std::string_view text) {
    return escaped(text, "\n\t\\");
}

}  // namespace rpixen
