#include "base/printable.hpp"

#include "base/utf8.hpp"

namespace rpixen {
namespace {

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
