#include "follow/uboot/test_command.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <optional>

#include "follow/uboot/memory.hpp"

namespace rpixen {
namespace {

enum class Operator : std::uint8_t {
    not_,
    or_,
    and_,
    empty,
    not_empty,
    same,
    other,
    before,
    behind,
    equal,
    unequal,
    less,
    at_most,
    greater,
    at_least,
    exists
};

struct Known {
    std::size_t place;  ///< of the operator among its words
    std::string_view text;
    Operator op;
    std::size_t words;  ///< that it takes
};
constexpr std::array known_operators{
    Known{1, "=", Operator::same, 3},       Known{1, "==", Operator::same, 3},
    Known{1, "!=", Operator::other, 3},     Known{1, "<", Operator::before, 3},
    Known{1, ">", Operator::behind, 3},     Known{1, "-eq", Operator::equal, 3},
    Known{1, "-ne", Operator::unequal, 3},  Known{1, "-lt", Operator::less, 3},
    Known{1, "-le", Operator::at_most, 3},  Known{1, "-gt", Operator::greater, 3},
    Known{1, "-ge", Operator::at_least, 3}, Known{0, "!", Operator::not_, 1},
    Known{0, "-o", Operator::or_, 1},       Known{0, "-a", Operator::and_, 1},
    Known{0, "-z", Operator::empty, 2},     Known{0, "-n", Operator::not_empty, 2},
    Known{0, "-e", Operator::exists, 4},
};

/// simple_strtol(text, NULL, 0)
long long number(const std::string& text) {
    return std::strtoll(text.c_str(), nullptr, 0);
}

bool holds(Operator op, const std::string* word, const FileExists& exists) {
    switch (op) {
        case Operator::empty:
            return word[1].empty();
        case Operator::not_empty:
            return !word[1].empty();
        case Operator::same:
            return word[0] == word[2];
        case Operator::other:
            return word[0] != word[2];
        case Operator::before:
            return word[0] < word[2];
        case Operator::behind:
            return word[0] > word[2];
        case Operator::equal:
            return number(word[0]) == number(word[2]);
        case Operator::unequal:
            return number(word[0]) != number(word[2]);
        case Operator::less:
            return number(word[0]) < number(word[2]);
        case Operator::at_most:
            return number(word[0]) <= number(word[2]);
        case Operator::greater:
            return number(word[0]) > number(word[2]);
        case Operator::at_least:
            return number(word[0]) >= number(word[2]);
        case Operator::exists:
            return exists && exists(word[1], word[2], word[3]);
        default:
            return false;
    }
}

template <typename Value>
std::optional<bool> compare(const std::string& op, const Value& a, const Value& b) {
    if (op == "-eq" || op == "==") return a == b;
    if (op == "-ne" || op == "!=" || op == "<>") return a != b;
    if (op == "-lt" || op == "<") return a < b;
    if (op == "-le" || op == "<=") return a <= b;
    if (op == "-gt" || op == ">") return a > b;
    if (op == "-ge" || op == ">=") return a >= b;
    return std::nullopt;
}

}  // namespace

bool uboot_test(const std::vector<std::string>& words, const FileExists& exists) {
    if (words.size() < 2) return false;
    bool value = false;
    bool before = false;
    Operator joint = Operator::not_;  // none
    bool negate = false;
    for (std::size_t place = 0; place < words.size();) {
        const std::size_t left = words.size() - place;
        const Known* found = nullptr;
        for (const Known& known : known_operators)
            if (left > known.place && words[place + known.place] == known.text) {
                found = &known;
                break;
            }
        if (!found || left < found->words) {
            value = true;
            break;
        }
        switch (found->op) {
            case Operator::or_:
            case Operator::and_:
                before = value;
                joint = found->op;
                break;
            case Operator::not_:
                negate = !negate;
                break;
            default:
                value = holds(found->op, &words[place], exists);
                if (negate) value = !value;
                negate = false;
                if (joint == Operator::or_) value = before || value;
                if (joint == Operator::and_) value = before && value;
                joint = Operator::not_;
        }
        place += found->words;
    }
    return value;
}

bool uboot_itest(const std::vector<std::string>& words) {
    if (words.size() != 4) return false;
    const std::size_t dot = words[0].find('.');
    const char size = dot == std::string::npos || dot + 1 >= words[0].size() ? 'l' : words[0][dot + 1];
    if (size == 's') return compare(words[2], words[1], words[3]).value_or(false);
    const auto value = [&](const std::string& text) {
        const std::uint64_t all = parse_hex(text);
        return static_cast<std::int64_t>(size == 'b'   ? all & 0xff
                                         : size == 'w' ? all & 0xffff
                                         : size == 'q' ? all
                                                       : all & 0xffffffff);
    };
    return compare(words[2], value(words[1]), value(words[3])).value_or(false);
}

}  // namespace rpixen
