#include "style.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace rpixen::cli {
namespace {

struct Word {
    std::string_view text;
    std::string_view color;  ///< SGR, ECMA-48 8.3.117
};
constexpr std::array<Word, 3> severities{{{"error", "\x1b[1;31m"}, {"warning", "\x1b[1;33m"}, {"note", "\x1b[36m"}}};
constexpr std::string_view plain = "\x1b[0m";
constexpr std::string_view program = "rpixen-img: ";

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

/// Words of `text` in lines of at most `width`, the second and later ones behind `indent` spaces.
std::string broken(std::string_view text, std::size_t first_column, std::size_t indent, std::size_t width) {
    std::string result;
    std::size_t column = first_column;
    bool first_word = true;
    while (true) {
        const std::size_t begin = text.find_first_not_of(' ');
        if (begin == std::string_view::npos) break;
        text.remove_prefix(begin);
        const std::string_view word = text.substr(0, text.find(' '));
        text.remove_prefix(word.size());
        if (!first_word && column + 1 + word.size() > width) {
            result.append("\n").append(indent, ' ');
            column = indent;
        } else if (!first_word) {
            result += ' ';
            ++column;
        }
        result += word;
        column += word.size();
        first_word = false;
    }
    return result;
}

}  // namespace

std::string colored(std::string_view text) {
    std::string result;
    for (std::string_view line : lines_of(text)) {
        if (line.starts_with(program)) {
            result += program;
            line.remove_prefix(program.size());
        }
        for (const Word& severity : severities) {
            const std::string_view behind = line.substr(std::min(severity.text.size(), line.size()));
            if (!line.starts_with(severity.text) || !(behind.starts_with(" [") || behind.starts_with(": "))) continue;
            result.append(severity.color).append(severity.text).append(plain);
            line = behind;
            break;
        }
        result.append(line).append("\n");
    }
    if (!text.ends_with('\n') && !result.empty()) result.pop_back();
    return result;
}

std::string wrapped(std::string_view text, std::size_t width) {
    std::string result;
    std::string paragraph;
    const auto end_paragraph = [&] {
        if (!paragraph.empty()) result.append(broken(paragraph, 0, 0, width)).append("\n");
        paragraph.clear();
    };
    for (const std::string_view line : lines_of(text)) {
        if (line.empty() || line.starts_with(' ')) {
            end_paragraph();
            result.append(line).append("\n");
        } else {
            paragraph.append(line).append(" ");
        }
    }
    end_paragraph();
    return result;
}

std::string table_row(std::string_view left, std::string_view right, std::size_t indent, std::size_t width) {
    std::string row(left);
    row.append(indent > row.size() ? indent - row.size() : 1, ' ');
    // A terminal too narrow for two columns breaks the line itself.
    const std::size_t least = indent + 20;
    row += broken(right, indent, indent, std::max(width, least));
    return row + "\n";
}

}  // namespace rpixen::cli
