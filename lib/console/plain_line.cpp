#include "console/plain_line.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace rpixen {
namespace {

constexpr std::string_view digits = "0123456789";

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// Length of an escape sequence at the start, 0 where there is none: CSI, OSC up to its end, or a short one.
std::size_t escape_length(std::string_view text) {
    if (text.size() < 2 || text[0] != '\x1b') return 0;
    std::size_t at = 2;
    if (text[1] == '[') {
        while (at < text.size() && (text[at] < '@' || text[at] > '~')) ++at;
        return std::min(at + 1, text.size());
    }
    if (text[1] == ']') {
        while (at < text.size() && text[at] != '\a' && text[at] != '\x1b') ++at;
        return std::min(at + 1, text.size());
    }
    // One that chooses a character set has an intermediate character and a final one.
    return text[1] >= ' ' && text[1] <= '/' ? std::min<std::size_t>(3, text.size()) : 2;
}

/// Length of a colour or cursor sequence that was written out: "^[[0m", "\x1b" lost and "[0m" left.
std::size_t residue_length(std::string_view text) {
    std::size_t at = text.starts_with("^[[") ? 3 : text.starts_with("[") ? 1 : 0;
    if (at == 0) return 0;
    const std::size_t end = text.find_first_not_of("0123456789;?", at);
    if (end == std::string_view::npos || (end == at && at == 1 && text[end] != 'm')) return 0;
    constexpr std::string_view finals = "mJKHABCDhl";
    return finals.find(text[end]) == std::string_view::npos ? 0 : end + 1;
}

std::string without_residue(std::string_view text) {
    constexpr std::array<std::pair<std::string_view, char>, 5> entities{
        {{"&gt;", '>'}, {"&lt;", '<'}, {"&quot;", '"'}, {"&#39;", '\''}, {"&amp;", '&'}}};
    std::string out;
    while (!text.empty()) {
        const auto entity = std::ranges::find_if(entities,
                                                 [&](const auto& each) { return text.starts_with(each.first); });
        if (const std::size_t length = residue_length(text)) {
            text.remove_prefix(length);
        } else if (entity != entities.end()) {
            out += entity->second;
            text.remove_prefix(entity->first.size());
        } else {
            out += text.front();
            text.remove_prefix(1);
        }
    }
    return out;
}

/// Whether this can stand before the hours of a time stamp: a date in digits or with names of days and months.
bool is_date(std::string_view text) {
    constexpr std::array<std::string_view, 19> names{"jan", "feb", "mar", "apr", "may", "jun", "jul",
                                                     "aug", "sep", "oct", "nov", "dec", "mon", "tue",
                                                     "wed", "thu", "fri", "sat", "sun"};
    std::string word;
    for (const char c : std::string(text) + ' ') {
        const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        if (lower >= 'a' && lower <= 'z') {
            word += lower;
            continue;
        }
        if (!word.empty() && word != "t" && std::ranges::find(names, word) == names.end()) return false;
        word.clear();
        if (!is_digit(c) && std::string_view(" [(<-/.,:#T").find(c) == std::string_view::npos) return false;
    }
    return true;
}

/// Length of a time stamp with hours, minutes and seconds at the start, with what stands around it: those of `ts`,
/// minicom, tio, PuTTY, Tera Term, CuteCom. 0 where there is none.
std::size_t clock_length(std::string_view text) {
    const std::string_view head = text.substr(0, 48);
    std::size_t at = 0;
    const auto two = [&](std::size_t from) {
        return from + 1 < head.size() && is_digit(head[from]) && is_digit(head[from + 1]);
    };
    while (at + 8 <= head.size() &&
           !(two(at) && head[at + 2] == ':' && two(at + 3) && head[at + 5] == ':' && two(at + 6)))
        ++at;
    if (at + 8 > head.size() || !is_date(head.substr(0, at))) return 0;
    at += 8;
    const auto skip = [&](std::string_view set) {
        const std::size_t next = text.find_first_not_of(set, at);
        at = next == std::string_view::npos ? text.size() : next;
    };
    if (at + 1 < text.size() && std::string_view(".,:").find(text[at]) != std::string_view::npos &&
        is_digit(text[at + 1])) {
        ++at;
        skip(digits);  // a fraction
    }
    if (at + 2 < text.size() && (text[at] == '+' || text[at] == '-') && is_digit(text[at + 1]))
        skip("+-:0123456789");  // a zone
    else if (at < text.size() && text[at] == 'Z')
        ++at;
    if (text.substr(at).starts_with(" 20") && two(at + 3) && text.substr(at + 5).starts_with(']'))
        at += 5;  // Tera Term's year
    skip("])>|: \t");
    if (text.substr(at).starts_with("-> ")) at += 3;
    return at;
}

/// Length of "[    1.234567] " (the kernel, `ts -s`) or "[1.234 0.001] " (grabserial) at the start.
std::size_t seconds_length(std::string_view text) {
    if (!text.starts_with('[')) return 0;
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos || end < 4) return 0;
    const std::string_view inside = text.substr(1, end - 1);
    if (inside.find('.') == std::string_view::npos ||
        inside.find_first_not_of(" .0123456789") != std::string_view::npos)
        return 0;
    return end + 1;
}

}  // namespace

std::string plain_line(std::string_view raw) {
    std::string out;
    while (!raw.empty()) {
        if (const std::size_t length = escape_length(raw)) {
            raw.remove_prefix(length);
            continue;
        }
        const char c = raw.front();
        if (static_cast<unsigned char>(c) >= ' ' && c != '\x7f') out += c;
        if (c == '\t') out += ' ';
        raw.remove_prefix(1);
    }
    out.erase(out.find_last_not_of(' ') + 1);
    return out;
}

std::string spoken(std::string_view line) {
    const std::string whole = without_residue(line);
    std::string_view text = whole;
    for (;;) {
        // Blanks, quotes of a mail, and bytes that a wrong baud rate or a mark of the encoding left.
        while (!text.empty() &&
               (text.front() == ' ' || static_cast<unsigned char>(text.front()) >= 0x80 || text.starts_with("> ")))
            text.remove_prefix(1);
        const std::size_t length = std::max(clock_length(text), seconds_length(text));
        if (length == 0) return std::string(text);
        text.remove_prefix(length);
    }
}

}  // namespace rpixen
