#include <gmock/gmock.h>

#include <filesystem>
#include <regex>
#include <string>
#include <vector>

#include "support/temporary_folder.hpp"

// No sentence is parsed back into structure: what a problem, a region of memory or a note is, is told by ids
// and enums.

namespace rpixen::test {
namespace {

/// Where code looks into words that were made for people.
const std::vector<std::string> parsed{
    R"(\.(message|what|found|allowed|change)(\(\))?\)?\.(find|starts_with|ends_with|contains|rfind|substr)\()",
    R"(what\(\)\)?\.(find|starts_with|ends_with|rfind)\()",
    R"((region|placement|fault|diagnostic|problem|finding)\.(name|title)\.(find|starts_with|ends_with)\()",
    R"((region|placement)\.name [=!]= )",
    R"(note\.(find|starts_with|ends_with)\()",
    // The four judges of old.
    R"(\b(scenario_of|judge_card|plan_in_spite_of|add_collisions|has_its_own_rule|check_boot_files)\b)",
    R"(\bDiscardingStore\b)",
};

std::vector<std::string> places(const std::filesystem::path& root) {
    std::vector<std::string> found;
    for (const char* top : {"lib", "cli"})
        for (const auto& entry : std::filesystem::recursive_directory_iterator(root / top)) {
            if (entry.path().extension() != ".cpp" && entry.path().extension() != ".hpp") continue;
            const std::string text = read_file(entry.path());
            for (const std::string& pattern : parsed) {
                const std::regex expression(pattern);
                for (std::sregex_iterator match(text.begin(), text.end(), expression), end; match != end; ++match)
                    found.push_back(std::filesystem::relative(entry.path(), root).generic_string() + ": " +
                                    match->str());
            }
        }
    return found;
}

TEST(Words, NoSentenceIsParsedBack) {
    EXPECT_THAT(places(RPIXEN_SOURCE_FOLDER), testing::IsEmpty());
}

TEST(Words, OneThatIsParsedIsSeen) {
    const TemporaryFolder folder;
    folder.write("cli/a.hpp", "#pragma once\n");
    folder.write("lib/a.cpp", "bool a() { return problem.message.find(\"overlap\") != 0 || region.name == b; }\n");
    EXPECT_EQ(places(folder.path()).size(), 2U);
}

}  // namespace
}  // namespace rpixen::test
