#include <rpixen/release.hpp>

#include "base/printable.hpp"
#include "base/size.hpp"

namespace rpixen {
namespace {

std::string line_of(const Difference& difference) {
    std::string line = difference.path.empty() ? "" : difference.path + ": ";
    if (!difference.partition.empty()) line = difference.partition + ":" + line;
    line += difference.what;
    if (!difference.expected.empty()) line += ", expected " + difference.expected;
    if (!difference.found.empty()) line += ", found " + difference.found;
    return printable(line) + "\n";
}

}  // namespace

std::string Release::text() const {
    std::string text;
    for (const ReleaseFile& file : files) text += file.sha256 + "  " + file.name + "\n";
    text += folder + ": " + image + ", " + format_size(image_size) + " unpacked, " + format_size(mapped) +
            " to be written to a card" + (is_signed ? ", signed" : ", not signed") + "\n";
    return text;
}

std::string ReleaseVerification::text() const {
    std::string text;
    for (const std::string& sentence : proven) text += sentence + "\n";
    for (const std::string& note : notes) text += "note: " + note + "\n";
    for (const Difference& difference : differences) text += line_of(difference);
    return text + (differences.empty() ? "the release holds what it says\n"
                                       : std::to_string(differences.size()) + " differences\n");
}

}  // namespace rpixen
