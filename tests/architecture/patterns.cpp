#include "architecture/patterns.hpp"

#include <regex>

#include "support/temporary_folder.hpp"

namespace rpixen::test {

std::vector<std::string> matches(const std::filesystem::path& root, const std::vector<std::string>& patterns) {
    std::vector<std::string> found;
    for (const char* top : {"lib", "cli"})
        for (const auto& entry : std::filesystem::recursive_directory_iterator(root / top)) {
            if (entry.path().extension() != ".cpp" && entry.path().extension() != ".hpp") continue;
            const std::string text = read_file(entry.path());
            for (const std::string& pattern : patterns) {
                const std::regex expression(pattern);
                for (std::sregex_iterator match(text.begin(), text.end(), expression), end; match != end; ++match)
                    found.push_back(std::filesystem::relative(entry.path(), root).generic_string() + ": " +
                                    match->str());
            }
        }
    return found;
}

}  // namespace rpixen::test
