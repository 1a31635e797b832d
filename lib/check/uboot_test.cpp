#include "check/uboot_test.hpp"

#include <algorithm>
#include <cstdlib>

#include "check/uboot_memory.hpp"

namespace rpixen {
namespace {

/// simple_strtol(text, NULL, 0)
long long number(const std::string& text) {
    char* end = nullptr;
    return std::strtoll(text.c_str(), &end, 0);
}

bool compare(const std::string& a, const std::string& op, const std::string& b, bool& known) {
    known = true;
    if (op == "=" || op == "==") return a == b;
    if (op == "!=") return a != b;
    if (op == "<") return a < b;
    if (op == ">") return a > b;
    if (op == "-eq") return number(a) == number(b);
    if (op == "-ne") return number(a) != number(b);
    if (op == "-lt") return number(a) < number(b);
    if (op == "-le") return number(a) <= number(b);
    if (op == "-gt") return number(a) > number(b);
    if (op == "-ge") return number(a) >= number(b);
    known = false;
    return false;
}

}  // namespace

bool uboot_test(
    const std::vector<std::string>& words,
    const std::function<bool(const std::string&, const std::string&, const std::string&)>& exists) {
    if (words.empty()) return false;
    if (words.size() == 1) return !words[0].empty() && words[0] != "-n";
    // From left to right: -a and -o have no precedence in U-Boot either.
    bool result = false;
    bool negate = false;
    std::string joint = "-o";
    for (std::size_t place = 0; place < words.size();) {
        const std::string& word = words[place];
        if (word == "-o" || word == "-a") {
            joint = word;
            ++place;
            continue;
        }
        if (word == "!") {
            negate = !negate;
            ++place;
            continue;
        }
        bool value = false;
        bool known = false;
        const std::size_t left = words.size() - place;
        if (left >= 3) value = compare(word, words[place + 1], words[place + 2], known);
        if (known) {
            place += 3;
        } else if (word == "-z" && left >= 2) {
            value = words[place + 1].empty();
            place += 2;
        } else if (word == "-n" && left >= 2) {
            value = !words[place + 1].empty();
            place += 2;
        } else if (word == "-z" || word == "-n") {
            value = word == "-z";
            ++place;
        } else if (word == "-e" && left >= 4) {
            value = exists && exists(words[place + 1], words[place + 2], words[place + 3]);
            place += 4;
        } else {
            value = !word.empty();
            ++place;
        }
        if (negate) value = !value;
        negate = false;
        result = joint == "-a" ? result && value : result || value;
    }
    return result;
}

bool uboot_itest(const std::vector<std::string>& words) {
    if (words.size() < 3) return false;
    const std::uint64_t a = parse_hex(words[0]);
    const std::uint64_t b = parse_hex(words[2]);
    const std::string& op = words[1];
    if (op == "-eq" || op == "==") return a == b;
    if (op == "-ne" || op == "!=" || op == "<>") return a != b;
    if (op == "-lt" || op == "<") return a < b;
    if (op == "-le" || op == "<=") return a <= b;
    if (op == "-gt" || op == ">") return a > b;
    if (op == "-ge" || op == ">=") return a >= b;
    return false;
}

}  // namespace rpixen
