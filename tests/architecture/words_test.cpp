#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "architecture/patterns.hpp"
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

TEST(Words, NoSentenceIsParsedBack) {
    EXPECT_THAT(matches(RPIXEN_SOURCE_FOLDER, parsed), testing::IsEmpty());
}

TEST(Words, OneThatIsParsedIsSeen) {
    const TemporaryFolder folder;
    folder.write("cli/a.hpp", "#pragma once\n");
    folder.write("lib/a.cpp", "bool a() { return problem.message.find(\"overlap\") != 0 || region.name == b; }\n");
    EXPECT_EQ(matches(folder.path(), parsed).size(), 2U);
}

}  // namespace
}  // namespace rpixen::test
