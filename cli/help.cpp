#include <algorithm>
#include <sstream>

#include "command.hpp"
#include "style.hpp"

namespace rpixen::cli {
namespace {

constexpr std::string_view purpose = "Composes, checks and boots Xen SD card images for the Raspberry Pi 4.\n";
constexpr std::string_view exit_statuses =
    "Exit status: 0 done, 1 a bug in this program, 2 usage, 3 manifest, 4 artifact, 5 does not fit or cannot "
    "boot,\n"
    "6 input or output, 7 verification failed, 8 back end or tool not available, 130 and 143 stopped by a "
    "signal.\n";

/// Lines of two columns.
void write_table(std::ostream& out, const std::vector<std::pair<std::string, std::string>>& rows, std::size_t width) {
    std::size_t longest = 0;
    for (const auto& [left, right] : rows) longest = std::max(longest, left.size());
    for (const auto& [left, right] : rows) out << table_row("  " + left, right, longest + 5, width);
}

std::string option_words(const Option& option) {
    std::string words = option.letter == '\0' ? "    --" : std::string("-") + option.letter + ", --";
    words.append(option.name);
    if (!option.value.empty()) words.append(" ").append(option.value);
    return words;
}

std::string synopsis(const Command& command) {
    std::string words(command.name);
    if (!command.operands.empty()) words.append(" ").append(command.operands);
    return words;
}

}  // namespace

std::string help(std::size_t width) {
    std::ostringstream out;
    out << "Usage: rpixen-img COMMAND [OPTION...] [OPERAND...]\n\n" << purpose << "\nCommands:\n";
    std::vector<std::pair<std::string, std::string>> rows;
    for (const Command& command : commands()) rows.emplace_back(synopsis(command), command.summary);
    write_table(out, rows, width);
    out << "\nOptions:\n";
    write_table(out,
                {{"-h, --help", "print this help; after a command, its help"}, {"-V, --version", "print the version"}},
                width);
    out << "\n'rpixen-img help COMMAND' tells about one command.\n\n" << wrapped(exit_statuses, width);
    return std::move(out).str();
}

std::string help(const Command& command, std::size_t width) {
    std::ostringstream out;
    out << "Usage: rpixen-img " << command.name << " [OPTION...]" << (command.operands.empty() ? "" : " ")
        << command.operands << "\n\n"
        << wrapped(command.story, width) << "\nOptions:\n";
    std::vector<std::pair<std::string, std::string>> rows;
    for (const Option& option : command.options) rows.emplace_back(option_words(option), option.help);
    write_table(out, rows, width);
    out << "\nExamples:\n" << command.examples << '\n' << wrapped(exit_statuses, width);
    return std::move(out).str();
}

}  // namespace rpixen::cli
