#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Words of formats that know ASCII only: FAT names, config.txt, U-Boot's scripts. No locale.

namespace rpixen {

/// A-Z to a-z; every other byte stays.
constexpr char lower_case(char letter) noexcept {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}
std::string lower_case(std::string_view text);
std::string upper_case(std::string_view text);

/// Whether two names differ in nothing but the case of ASCII letters.
bool same_name(std::string_view a, std::string_view b) noexcept;

/// Whether a list, of a `compatible` property for one, has this word.
bool has_word(const std::vector<std::string>& words, std::string_view word) noexcept;

/// Without spaces, tabs, carriage returns and line feeds at both ends.
std::string_view trimmed(std::string_view text) noexcept;

/// Lower case hexadecimal without a prefix, at least `digits` digits.
std::string hex_number(std::uint64_t value, unsigned digits);

}  // namespace rpixen
