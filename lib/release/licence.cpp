#include "release/licence.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

namespace rpixen {
namespace {

/// Of SPDX's list (spdx.org/licenses), those that packages of an embedded system's root commonly have. Sorted bytewise.
constexpr std::array licences = std::to_array<std::string_view>({
    "0BSD",
    "AFL-2.1",
    "AGPL-3.0-only",
    "AGPL-3.0-or-later",
    "Apache-2.0",
    "Artistic-1.0",
    "Artistic-1.0-Perl",
    "Artistic-2.0",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-2-Clause-Patent",
    "BSD-3-Clause",
    "BSD-4-Clause",
    "BSD-4-Clause-UC",
    "BSL-1.0",
    "BlueOak-1.0.0",
    "Bitstream-Vera",
    "CC-BY-4.0",
    "CC-BY-SA-4.0",
    "CC0-1.0",
    "CDDL-1.0",
    "EPL-2.0",
    "FSFAP",
    "FSFUL",
    "FSFULLR",
    "FTL",
    "GFDL-1.2-or-later",
    "GFDL-1.3-or-later",
    "GPL-1.0-or-later",
    "GPL-2.0-only",
    "GPL-2.0-or-later",
    "GPL-3.0-only",
    "GPL-3.0-or-later",
    "HPND",
    "ICU",
    "IJG",
    "ISC",
    "LGPL-2.0-only",
    "LGPL-2.0-or-later",
    "LGPL-2.1-only",
    "LGPL-2.1-or-later",
    "LGPL-3.0-only",
    "LGPL-3.0-or-later",
    "Libpng",
    "MIT",
    "MIT-0",
    "MIT-CMU",
    "MPL-1.1",
    "MPL-2.0",
    "NCSA",
    "OFL-1.1",
    "OLDAP-2.8",
    "OpenSSL",
    "PHP-3.01",
    "PSF-2.0",
    "PostgreSQL",
    "Python-2.0",
    "Ruby",
    "SMLNJ",
    "Sleepycat",
    "TCL",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "Vim",
    "W3C",
    "WTFPL",
    "X11",
    "Zlib",
    "bzip2-1.0.6",
    "curl",
    "libpng-2.0",
    "libtiff",
    "zlib-acknowledgement",
});

constexpr std::array exceptions = std::to_array<std::string_view>({
    "Autoconf-exception-2.0",
    "Autoconf-exception-3.0",
    "Bison-exception-2.2",
    "Classpath-exception-2.0",
    "Font-exception-2.0",
    "GCC-exception-2.0",
    "GCC-exception-3.1",
    "LLVM-exception",
    "Libtool-exception",
    "Linux-syscall-note",
    "OCaml-LGPL-linking-exception",
    "openvpn-openssl-exception",
});

constexpr std::size_t most_words = 200;

bool is_one_of(std::span<const std::string_view> list, std::string_view word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

/// Words and parentheses, Yocto's signs spelt out.
std::vector<std::string_view> words_of(std::string_view text) {
    constexpr std::string_view signs = "()&|";
    std::vector<std::string_view> words;
    while (true) {
        text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
        if (text.empty() || words.size() > most_words) return words;
        const std::size_t end = signs.find(text[0]) != std::string_view::npos
                                    ? 1
                                    : std::min(text.find_first_of(" ()&|"), text.size());
        const std::string_view word = text.substr(0, end);
        words.push_back(word == "&" ? "AND" : word == "|" ? "OR" : word);
        text.remove_prefix(end);
    }
}

/// Whether words are an expression: licences with exceptions, joined by AND and OR, in parentheses that match.
bool is_expression(const std::vector<std::string_view>& words) {
    std::size_t depth = 0;
    bool wants_licence = true;
    for (std::size_t at = 0; at < words.size(); ++at) {
        if (wants_licence) {
            if (words[at] == "(") {
                ++depth;
                continue;
            }
            if (!is_one_of(licences, words[at])) return false;
            if (at + 1 < words.size() && words[at + 1] == "WITH") {
                if (at + 2 >= words.size() || !is_one_of(exceptions, words[at + 2])) return false;
                at += 2;
            }
            wants_licence = false;
        } else if (words[at] == ")") {
            if (depth-- == 0) return false;
        } else if (words[at] == "AND" || words[at] == "OR") {
            wants_licence = true;
        } else {
            return false;
        }
    }
    return !wants_licence && depth == 0;
}

}  // namespace

std::optional<std::string> licence_expression(std::string_view text) {
    const std::vector<std::string_view> words = words_of(text);
    if (words.size() > most_words || !is_expression(words)) return std::nullopt;
    std::string expression;
    for (const std::string_view word : words) {
        if (!expression.empty() && !expression.ends_with('(') && word != ")") expression += ' ';
        expression += word;
    }
    return expression;
}

}  // namespace rpixen
