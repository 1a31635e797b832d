#include "follow/uboot/recording.hpp"

#include <fstream>
#include <stdexcept>

namespace rpixen::test {
namespace {

/// \r, \t and \\ in the text of a file.
std::string unescaped(const std::string& text) {
    std::string result;
    for (std::size_t index = 0; index < text.size(); ++index) {
        if (text[index] != '\\' || index + 1 == text.size()) {
            result += text[index];
            continue;
        }
        const char letter = text[++index];
        result += letter == 'r' ? '\r' : letter == 't' ? '\t' : letter;
    }
    return result;
}

}  // namespace

std::vector<RecordedCase> read_recording(const std::string& path) {
    std::ifstream file(path);
    if (!file) throw std::runtime_error("cannot read " + path);
    std::vector<RecordedCase> cases;
    bool in_file = false;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("== ")) {
            cases.emplace_back().name = line.substr(3);
            in_file = false;
        } else if (line.starts_with("@ ")) {
            cases.back().files.emplace_back(line.substr(2), "");
            in_file = true;
        } else if (line.starts_with("|") && in_file) {
            cases.back().files.back().second += unescaped(line.substr(1)) + "\n";
        } else if (line.starts_with("$ ")) {
            cases.back().lines.emplace_back(line.substr(2), "");
            in_file = false;
        } else if (line.starts_with("|")) {
            cases.back().lines.back().second += (line.size() > 2 ? line.substr(2) : "") + "\n";
        }
    }
    return cases;
}

}  // namespace rpixen::test
