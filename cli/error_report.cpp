#include "error_report.hpp"

#include <array>
#include <cstdint>

namespace rpixen::cli {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

bool is_control(unsigned char byte) {
    return byte < 0x20 || byte == 0x7f;
}

/// Length of the well-formed UTF-8 sequence that `text` begins with; 0 where there is none (RFC 3629).
std::size_t sequence_length(std::string_view text) {
    const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(text[index]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) return 1;
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
    for (std::size_t index = 1; index < length; ++index)
        if ((byte(index) & 0xc0U) != 0x80U) return 0;
    const unsigned char second = byte(1);
    const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
    const bool outside = (lead == 0xed && second > 0x9f) || (lead == 0xf4 && second > 0x8f);
    return overlong || outside ? 0 : length;
}

std::string json_problem(const Problem& problem) {
    std::string json = "{\"message\": " +
                       json_string(problem.message + (problem.rule.empty() ? "" : " [" + problem.rule + "]"));
    const std::array<std::pair<const char*, const std::string*>, 6> texts{{{"found", &problem.found},
                                                                           {"allowed", &problem.allowed},
                                                                           {"change", &problem.change},
                                                                           {"rule", &problem.rule},
                                                                           {"file", &problem.location.file},
                                                                           {"pointer", &problem.location.pointer}}};
    for (const auto& [key, text] : texts) json.append(", \"").append(key).append("\": ").append(json_string(*text));
    return json + ", \"line\": " + std::to_string(problem.location.line) +
           ", \"column\": " + std::to_string(problem.location.column) + '}';
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

std::string json_string(std::string_view text) {
    std::string json = "\"";
    while (!text.empty()) {
        const auto byte = static_cast<unsigned char>(text.front());
        const std::size_t length = sequence_length(text);
        if (byte == '"' || byte == '\\') {
            json.append("\\").append(1, text.front());
        } else if (byte == '\n') {
            json += "\\n";
        } else if (is_control(byte)) {
            json.append("\\u00").append(1, hex_digits[byte >> 4]).append(1, hex_digits[byte & 15U]);
        } else if (length == 0) {
            json += "\\ufffd";
        } else {
            json.append(text.substr(0, length));
        }
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return json + '"';
}

std::string error_json(const Error& error) {
    std::string json = "{\"error\": {\"code\": " + json_string(name_of(error.code())) +
                       ", \"exit\": " + std::to_string(static_cast<int>(error.code())) + ", \"context\": [";
    for (std::size_t index = 0; index < error.context().size(); ++index)
        json.append(index == 0 ? "" : ", ").append(json_string(error.context()[index]));
    json += "], \"problems\": [";
    for (std::size_t index = 0; index < error.problems().size(); ++index)
        json.append(index == 0 ? "" : ", ").append(json_problem(error.problems()[index]));
    return json + "]}}\n";
}

}  // namespace rpixen::cli
