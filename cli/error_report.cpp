#include "error_report.hpp"

#include <cstdint>

namespace rpixen::cli {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

bool is_control(unsigned char byte) {
    return byte < 0x20 || byte == 0x7f;
}

}  // namespace

void write_message(std::ostream& err, std::string_view kind, std::string_view text) {
    std::string line = "rpixen-img: ";
    line.append(kind).append(": ");
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        if (is_control(byte))
            line.append("\\x").append(1, hex_digits[byte >> 4]).append(1, hex_digits[byte & 15U]);
        else
            line += letter;
    }
    err << line + '\n' << std::flush;
}

void write_error(std::ostream& err, const Error& error) {
    for (const Problem& problem : error.problems()) write_message(err, "error", problem.text());
    for (const std::string& context : error.context()) write_message(err, "note", "while " + context);
}

}  // namespace rpixen::cli
