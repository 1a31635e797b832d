#include "manifest/json_value.hpp"

namespace rpixen {

std::string in_quotes(std::string_view text) {
    static constexpr std::size_t most = 60;
    static constexpr char digits[] = "0123456789abcdef";
    std::string result = "\"";
    std::size_t used = 0;
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        // A cut never falls inside a UTF-8 sequence.
        if (used >= most && (byte & 0xc0U) != 0x80U) {
            result += "...";
            break;
        }
        if (letter == '\n') {
            result += "\\n";
        } else if (letter == '"' || letter == '\\') {
            result += '\\';
            result += letter;
        } else if (byte < 0x20 || byte == 0x7f) {
            result += "\\u00";
            result += digits[byte >> 4];
            result += digits[byte & 15U];
        } else {
            result += letter;
        }
        ++used;
    }
    return result + '"';
}

std::string describe(const JsonValue& value) {
    switch (value.type) {
        case JsonValue::Type::null:
        case JsonValue::Type::boolean:
            return value.text;
        case JsonValue::Type::number:
            return value.text.size() > 60 ? value.text.substr(0, 60) + "..." : value.text;
        case JsonValue::Type::string:
            return in_quotes(value.text);
        case JsonValue::Type::array:
            return value.elements.empty() ? "an empty array" : "an array";
        case JsonValue::Type::object:
            return value.members.empty() ? "an empty object" : "an object";
    }
    return {};
}

std::string pointer_token(std::string_view name) {
    std::string token;
    for (const char letter : name) {
        if (letter == '~') {
            token += "~0";
        } else if (letter == '/') {
            token += "~1";
        } else {
            token += letter;
        }
    }
    return token;
}

}  // namespace rpixen
