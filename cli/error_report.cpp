#include "error_report.hpp"

#include <utility>

#include "style.hpp"

namespace rpixen::cli {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

bool is_control(unsigned char byte) {
    return byte < 0x20 || byte == 0x7f;
}

/// Control characters in the text, which may come from a hostile input, are escaped.
std::string line_of(std::string_view text) {
    std::string line;
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        if (is_control(byte))
            line.append("\\x").append(1, hex_digits[byte >> 4]).append(1, hex_digits[byte & 15U]);
        else
            line += letter;
    }
    return line + '\n';
}

std::string message(std::string_view kind, std::string_view text) {
    return "rpixen-img: " + std::string(kind) + ": " + line_of(text);
}

/// For a person: one thing a line.
std::string block(const Problem& problem) {
    Problem head = problem;
    head.found = head.allowed = head.change = {};
    std::string text = message("error", head.text());
    for (const auto& [label, part] : {std::pair{"    found:   ", &problem.found},
                                      {"    allowed: ", &problem.allowed},
                                      {"    change:  ", &problem.change}})
        if (!part->empty()) text += label + line_of(*part);
    return text;
}

}  // namespace

void write_message(std::ostream& err, std::string_view kind, std::string_view text) {
    err << message(kind, text) << std::flush;
}

void write_error(const Surroundings& surroundings, const Error& error) {
    std::string text;
    for (const Problem& problem : error.problems())
        text += surroundings.terminal ? block(problem) : message("error", problem.text());
    for (const std::string& context : error.context()) text += message("note", "while " + context);
    surroundings.err << (surroundings.colors_messages() ? colored(text) : text) << std::flush;
}

}  // namespace rpixen::cli
