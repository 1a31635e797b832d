#include "depfile.hpp"

#include <rpixen/error.hpp>

namespace rpixen::cli {
namespace {

/// GNU make's manual, "Rule Syntax" and "Special characters"; ninja src/depfile_parser.in.cc reads the same.
std::string escaped(const std::string& name) {
    if (name.find('\n') != std::string::npos)
        throw Error(ErrorCode::usage, "a depfile cannot name a file with a line break", name, "names without one",
                    "rename the file, or leave --depfile out");
    std::string result;
    std::size_t backslashes = 0;
    for (const char letter : name) {
        // A backslash stands for itself, but where it would quote what comes here.
        if (letter == ' ' || letter == '#' || letter == ':') result.append(backslashes + (letter == ' ' ? 1 : 0), '\\');
        if (letter == '#' || letter == ':') result += '\\';
        if (letter == '$') result += '$';
        result += letter;
        backslashes = letter == '\\' ? backslashes + 1 : 0;
    }
    return result;
}

}  // namespace

std::string depfile(const std::string& output, std::span<const std::string> inputs) {
    std::string rule = escaped(output) + ":";
    std::string phony;
    for (const std::string& input : inputs) {
        rule += " \\\n  " + escaped(input);
        phony += "\n" + escaped(input) + ":\n";
    }
    return rule + "\n" + phony;
}

}  // namespace rpixen::cli
