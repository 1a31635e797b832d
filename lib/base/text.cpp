#include "base/text.hpp"

#include <algorithm>

namespace rpixen {

std::string lower_case(std::string_view text) {
    std::string result(text);
    for (char& letter : result) letter = lower_case(letter);
    return result;
}

std::string upper_case(std::string_view text) {
    std::string result(text);
    for (char& letter : result)
        if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
    return result;
}

bool same_name(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return lower_case(x) == lower_case(y); });
}

bool has_word(const std::vector<std::string>& words, std::string_view word) noexcept {
    return std::find(words.begin(), words.end(), word) != words.end();
}

std::string_view trimmed(std::string_view text) noexcept {
    constexpr std::string_view blank = " \t\r\n";
    const std::size_t begin = text.find_first_not_of(blank);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blank) - begin + 1);
}

std::string hex_number(std::uint64_t value, unsigned digits) {
    std::string text;
    for (; value > 0 || text.size() < digits; value >>= 4) text.insert(text.begin(), "0123456789abcdef"[value & 0xf]);
    return text;
}

}  // namespace rpixen
