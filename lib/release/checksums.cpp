#include "release/checksums.hpp"

#include <algorithm>
#include <set>

#include <rpixen/error.hpp>

#include "base/size.hpp"
#include "storage/input_file.hpp"

namespace rpixen {
namespace {

constexpr std::size_t most_lines = 64;  // a release has a dozen files
constexpr std::size_t digest_digits = 64;
constexpr std::string_view between = "  ";  // a text file to sha256sum; the digest is the same

bool is_digest(std::string_view text) {
    return text.size() == digest_digits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_base_name(std::string_view name) {
    return !name.empty() && name != "." && name != ".." && std::none_of(name.begin(), name.end(), [](char letter) {
        return letter == '/' || letter == '\\' || static_cast<unsigned char>(letter) < ' ';
    });
}

}  // namespace

void sort_by_name(std::vector<ReleaseFile>& files) {
    std::sort(files.begin(), files.end(),
              [](const ReleaseFile& one, const ReleaseFile& other) { return one.name < other.name; });
}

std::string format_checksums(std::vector<ReleaseFile> files) {
    sort_by_name(files);
    std::string text;
    for (const ReleaseFile& file : files) text += file.sha256 + std::string(between) + file.name + "\n";
    return text;
}

std::vector<ReleaseFile> parse_checksums(std::string_view text, const std::string& name) {
    std::vector<ReleaseFile> files;
    std::set<std::string, std::less<>> seen;
    const auto fail = [&](const std::string& found) {
        throw Error(ErrorCode::artifact, name + " is damaged",
                    "line " + std::to_string(files.size() + 1) + ": " + found,
                    "64 hex digits, two spaces and a file name, at most " + std::to_string(most_lines) + " times",
                    "fetch the release again");
    };
    while (!text.empty()) {
        if (files.size() == most_lines) fail("one more");
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) fail("it does not end");
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end + 1);
        if (line.size() <= digest_digits + between.size() || !is_digest(line.substr(0, digest_digits)) ||
            line.substr(digest_digits, between.size()) != between)
            fail("no digest and name");
        const std::string_view file = line.substr(digest_digits + between.size());
        if (!is_base_name(file) || file == checksums_name || file == signature_name)
            fail("no name of a file beside it");
        if (!seen.emplace(file).second) fail("a name that stands there already");
        files.push_back({std::string(file), 0, std::string(line.substr(0, digest_digits))});
    }
    return files;
}

std::vector<ReleaseFile> read_checksums(const std::string& folder) {
    constexpr std::uint64_t largest = 64 * KiB;
    const std::string path = folder + "/" + std::string(checksums_name);
    return parse_checksums(read_text_file(path, largest, "a list of digests"), path);
}

}  // namespace rpixen
