#include "follow/uboot/shell.hpp"

// `setexpr` (cmd/setexpr.c). All numbers are hexadecimal.

namespace rpixen {

int Shell::set_expression(const Words& words, const hush::Step& written) {
    if (words.size() < 3 || words.size() == 4) return 1;
    if (words[2] == "sub" || words[2] == "gsub") return substitute(words, written);
    if (words[2].starts_with("*") || (words.size() > 4 && words[4].starts_with("*")) || words[2] == "fmt" ||
        words[0].ends_with(".s")) {
        unfollowed(run_.steps.back().text, where(written));
        return 0;
    }
    const std::uint64_t a = parse_hex(words[2]);
    if (words.size() == 3) {
        set(words[1], to_hex(a));
        return 0;
    }
    if (words.size() != 5 || words[3].size() != 1) return 1;
    const std::uint64_t b = parse_hex(words[4]);
    std::uint64_t result = 0;
    switch (words[3][0]) {
        case '+':
            result = a + b;
            break;
        case '-':
            result = a - b;
            break;
        case '*':
            result = a * b;
            break;
        case '/':  // AArch64 divides by 0 without a fault
            result = b ? a / b : 0;
            break;
        case '%':
            result = b ? a % b : a;
            break;
        case '&':
            result = a & b;
            break;
        case '|':
            result = a | b;
            break;
        case '^':
            result = a ^ b;
            break;
        default:
            say("invalid op");
            return 1;
    }
    set(words[1], to_hex(result));
    return 0;
}

/// setexpr name [g]sub pattern replacement [text]
int Shell::substitute(const Words& words, const hush::Step& written) {
    const std::string& pattern = words[3];
    if (words.size() > 6) return 1;
    if (words.size() < 6 && !run_.environment.contains(words[1])) {
        say("## Error: variable \"" + words[1] + "\" not defined");
        return 1;
    }
    std::string text = words.size() > 5 ? words[5] : value(words[1]);
    // A pattern of plain letters; what a regular expression would do is not followed.
    if (pattern.empty() || pattern.find_first_of("^$.[]()*+?|\\") != std::string::npos ||
        words[4].find('\\') != std::string::npos) {
        unfollowed(run_.steps.back().text, where(written));
        return 0;
    }
    bool found = false;
    for (std::size_t place = text.find(pattern); place != std::string::npos;
         place = text.find(pattern, place + words[4].size())) {
        found = true;
        text.replace(place, pattern.size(), words[4]);
        if (!work(text.size())) return 1;
        if (words[2] == "sub") break;
    }
    if (!found && !newer(202304)) {
        say(text + ": No match");
        return 1;
    }
    if (!newer(202304)) say(words[1] + "=" + text);
    set(words[1], std::move(text));
    return 0;
}

}  // namespace rpixen
