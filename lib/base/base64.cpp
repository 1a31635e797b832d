#include "base/base64.hpp"

#include <cstdint>

namespace rpixen {
namespace {

constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::size_t value_of(char letter) {
    if (letter == '-') return digits.find('+');
    if (letter == '_') return digits.find('/');
    return digits.find(letter);
}

}  // namespace

std::string base64(ByteView bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t place = 0; place < bytes.size(); place += 3) {
        const std::size_t count = bytes.size() - place < 3 ? bytes.size() - place : 3;
        std::uint32_t group = 0;
        for (std::size_t index = 0; index < 3; ++index)
            group = group << 8 | (index < count ? std::to_integer<std::uint32_t>(bytes[place + index]) : 0);
        for (std::size_t index = 0; index < 4; ++index)
            text += index <= count ? digits[group >> (18 - 6 * index) & 63] : '=';
    }
    return text;
}

std::optional<Bytes> parse_base64(std::string_view text) {
    if (text.size() % 4 == 0)
        for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
    if (text.size() % 4 == 1) return std::nullopt;
    Bytes bytes;
    bytes.reserve(text.size() / 4 * 3 + 2);
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char letter : text) {
        const std::size_t value = value_of(letter);
        if (value == std::string_view::npos) return std::nullopt;
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        bytes.push_back(static_cast<std::byte>(bits >> count & 0xff));
    }
    return bytes;
}

}  // namespace rpixen
