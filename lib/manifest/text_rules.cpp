#include "manifest/text_rules.hpp"

#include <algorithm>

namespace rpixen::text_rules {
namespace {

bool is_control(char letter) {
    return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f;
}
bool is_printable_ascii(char letter) {
    return letter >= ' ' && letter <= '~';
}
bool is_digit(char letter) {
    return letter >= '0' && letter <= '9';
}
bool is_upper(char letter) {
    return letter >= 'A' && letter <= 'Z';
}
bool is_alphanumeric(char letter) {
    return is_digit(letter) || is_upper(letter) || (letter >= 'a' && letter <= 'z');
}
bool is_hex_digit(char letter) {
    return is_digit(letter) || (letter >= 'a' && letter <= 'f') || (letter >= 'A' && letter <= 'F');
}
bool is_octal_digit(char letter) {
    return letter >= '0' && letter <= '7';
}

template <typename Predicate>
bool all(std::string_view text, Predicate predicate) {
    return std::all_of(text.begin(), text.end(), predicate);
}

bool one_of(char letter, std::string_view letters) {
    return letters.find(letter) != std::string_view::npos;
}

/// Unicode code points, as JSON Schema's maxLength counts; the text is valid UTF-8.
std::ptrdiff_t code_points(std::string_view text) {
    return std::count_if(text.begin(), text.end(),
                         [](char letter) { return (static_cast<unsigned char>(letter) & 0xc0U) != 0x80U; });
}

}  // namespace

std::string_view path(std::string_view text) {
    return text.empty() || text.find('\0') != std::string_view::npos ? "a path" : std::string_view();
}

std::string_view release_name(std::string_view text) {
    const bool right = !text.empty() && code_points(text) <= 64 && !one_of(text.front(), ".-") &&
                       all(text, [](char letter) { return !is_control(letter) && letter != '/'; });
    return right ? "" : "1 to 64 characters, no '/' and no control character, not beginning with '.' or '-'";
}

std::string_view sha256(std::string_view text) {
    return text.size() == 64 && all(text, is_hex_digit) ? "" : "64 hexadecimal digits";
}

std::string_view command_line(std::string_view text) {
    return text.size() <= 1023 && all(text, is_printable_ascii) ? ""
                                                                : "one line of at most 1023 printable ASCII characters";
}

std::string_view guest_command_line(std::string_view text) {
    return command_line(text).empty() && text.find_first_of("'\\") == std::string_view::npos
               ? ""
               : "one line of at most 1023 printable ASCII characters without single quotes and backslashes";
}

std::string_view variable_name(std::string_view text) {
    const auto inner = [](char letter) { return is_alphanumeric(letter) || one_of(letter, "_.#-"); };
    const bool right = !text.empty() && (is_alphanumeric(text.front()) || text.front() == '_') && all(text, inner);
    return right ? "" : "a variable's name of letters, digits, '_', '.', '#' and '-'";
}

std::string_view variable_value(std::string_view text) {
    return all(text, [](char letter) { return !is_control(letter); }) ? "" : "one line without control characters";
}

std::string_view config_line(std::string_view text) {
    return all(text, [](char letter) { return !is_control(letter); }) ? "" : "one line without control characters";
}

std::string_view fat_label(std::string_view text) {
    const auto letter_right = [](char letter) {
        return is_upper(letter) || is_digit(letter) || one_of(letter, " !#$%&'()-@^_`{}~");
    };
    const bool right = !text.empty() && text.size() <= 11 && text.front() != ' ' && text.back() != ' ' &&
                       all(text, letter_right);
    return right ? "" : "1 to 11 of A-Z, 0-9, space and !#$%&'()-@^_`{}~";
}

std::string_view ext4_label(std::string_view text) {
    return !text.empty() && text.size() <= 16 && all(text, is_printable_ascii) ? ""
                                                                               : "1 to 16 printable ASCII characters";
}

std::string_view path_pattern(std::string_view text) {
    const bool right = !text.empty() && text.front() != '!' && text.find('\0') == std::string_view::npos;
    return right ? "" : "a pattern such as \"/home/pi/**\", which does not begin with '!'";
}

std::string_view target(std::string_view text) {
    static constexpr std::string_view allowed =
        "an absolute path without \"//\", \"/./\", \"/../\" and without a '/' at its end, names of at most "
        "255 bytes";
    if (text.size() < 2 || text.front() != '/' || text.find('\0') != std::string_view::npos) return allowed;
    while (!text.empty()) {
        text.remove_prefix(1);
        const std::string_view name = text.substr(0, text.find('/'));
        if (name.empty() || name == "." || name == ".." || name.size() > 255) return allowed;
        text.remove_prefix(name.size());
    }
    return {};
}

std::string_view fat_target(std::string_view text) {
    const bool right = all(text, [](char letter) { return !is_control(letter) && !one_of(letter, "\"*:<>?\\|"); });
    return right ? "" : "on the boot partition (FAT) no control character and none of \"*:<>?\\|";
}

std::string_view mode(std::string_view text) {
    if (text.size() == 5 && text.front() == '0') text.remove_prefix(1);
    const bool right = (text.size() == 3 || text.size() == 4) && all(text, is_octal_digit);
    return right ? "" : "3 or 4 octal digits, such as \"0644\"";
}

std::string_view overlay_path(std::string_view text) {
    static constexpr std::string_view
        allowed = "\"pi4-64-xen\" or the path of a .dtbo whose name is made of letters, digits, '.', '_', '+' and '-'";
    static constexpr std::string_view suffix = ".dtbo";
    if (!text.ends_with(suffix) || text.find('\0') != std::string_view::npos) return allowed;
    text.remove_suffix(suffix.size());
    const std::string_view stem = text.substr(text.rfind('/') + 1);  // npos + 1 is 0
    const bool right = !stem.empty() && is_alphanumeric(stem.front()) &&
                       all(stem, [](char letter) { return is_alphanumeric(letter) || one_of(letter, "._+-"); });
    return right ? "" : allowed;
}

std::string_view guest_name(std::string_view text) {
    const bool right = !text.empty() && text.size() <= 32 && is_alphanumeric(text.front()) &&
                       all(text, [](char letter) { return is_alphanumeric(letter) || letter == '-'; });
    if (!right) return "1 to 32 letters, digits and '-', beginning with a letter or digit";
    return text == "Domain-0" ? "another name than dom0's own" : "";
}

std::string_view interface_name(std::string_view text) {
    const bool right = !text.empty() && text.size() <= 15 && is_alphanumeric(text.front()) &&
                       all(text, [](char letter) { return is_alphanumeric(letter) || one_of(letter, "._-"); });
    return right ? "" : "1 to 15 letters, digits and . _ -, beginning with a letter or digit";
}

}  // namespace rpixen::text_rules
