#include "format/utf16.hpp"

#include <cstdint>

namespace rpixen {
namespace {

bool high_surrogate(char32_t unit) {
    return unit >= 0xd800 && unit < 0xdc00;
}
bool low_surrogate(char32_t unit) {
    return unit >= 0xdc00 && unit < 0xe000;
}

void append_utf8(std::string& text, char32_t point) {
    const auto put = [&](char32_t value) { text += static_cast<char>(static_cast<unsigned char>(value)); };
    if (point < 0x80) {
        put(point);
    } else if (point < 0x800) {
        put(0xc0 | point >> 6);
        put(0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
        put(0xe0 | point >> 12);
        put(0x80 | (point >> 6 & 0x3f));
        put(0x80 | (point & 0x3f));
    } else {
        put(0xf0 | point >> 18);
        put(0x80 | (point >> 12 & 0x3f));
        put(0x80 | (point >> 6 & 0x3f));
        put(0x80 | (point & 0x3f));
    }
}

}  // namespace

std::optional<std::u16string> utf16_from_utf8(std::string_view text) {
    std::u16string units;
    units.reserve(text.size());
    for (std::size_t place = 0; place < text.size();) {
        const auto first = static_cast<unsigned char>(text[place]);
        std::size_t length = 1;
        char32_t point = first;
        char32_t least = 0;
        if (first >= 0xf0 && first < 0xf8) {
            length = 4;
            point = first & 0x07U;
            least = 0x10000;
        } else if (first >= 0xe0 && first < 0xf0) {
            length = 3;
            point = first & 0x0fU;
            least = 0x800;
        } else if (first >= 0xc0 && first < 0xe0) {
            length = 2;
            point = first & 0x1fU;
            least = 0x80;
        } else if (first >= 0x80) {
            return std::nullopt;
        }
        if (text.size() - place < length) return std::nullopt;
        for (std::size_t index = 1; index < length; ++index) {
            const auto next = static_cast<unsigned char>(text[place + index]);
            if ((next & 0xc0U) != 0x80U) return std::nullopt;
            point = point << 6 | (next & 0x3fU);
        }
        if (point < least || point > 0x10ffff || high_surrogate(point) || low_surrogate(point)) return std::nullopt;
        if (point < 0x10000) {
            units += static_cast<char16_t>(point);
        } else {
            units += static_cast<char16_t>(0xd800 + ((point - 0x10000) >> 10));
            units += static_cast<char16_t>(0xdc00 + ((point - 0x10000) & 0x3ff));
        }
        place += length;
    }
    return units;
}

std::string utf8_from_utf16(std::u16string_view text) {
    std::string bytes;
    for (std::size_t place = 0; place < text.size(); ++place) {
        char32_t point = text[place];
        if (high_surrogate(point) && place + 1 < text.size() && low_surrogate(text[place + 1]))
            point = 0x10000 + ((point - 0xd800) << 10) + (char32_t{text[++place]} - 0xdc00);
        else if (high_surrogate(point) || low_surrogate(point))
            point = 0xfffd;
        append_utf8(bytes, point);
    }
    return bytes;
}

}  // namespace rpixen
