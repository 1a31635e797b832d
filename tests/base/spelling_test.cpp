#include <rpixen/spelling.hpp>

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace rpixen {
namespace {

constexpr std::array<std::string_view, 4> words{"compose", "plan", "dom0_mem", "dom0-kernel"};

TEST(Spelling, NearIsAThirdOfTheWord) {
    EXPECT_EQ(nearest_word("compse", words), "compose");
    EXPECT_EQ(nearest_word("ocmpose", words), "compose");
    EXPECT_EQ(nearest_word("PLAN", words), "plan");
    EXPECT_EQ(nearest_word("dom0-mem", words), "dom0_mem");
    EXPECT_EQ(nearest_word("cmps", words), std::nullopt);
    EXPECT_EQ(nearest_word("", words), std::nullopt);
    EXPECT_EQ(nearest_word(std::string(1000, 'a'), words), std::nullopt);
    EXPECT_EQ(nearest_word("plan", {}), std::nullopt);
}

TEST(Spelling, TheQuestionHasTheWordAsItIsWritten) {
    EXPECT_EQ(did_you_mean("compse", words), "did you mean compose?");
    EXPECT_EQ(did_you_mean("compse", words, "--"), "did you mean --compose?");
    EXPECT_EQ(did_you_mean("compse", words, "\"", "\""), "did you mean \"compose\"?");
    EXPECT_EQ(did_you_mean("zzz", words, "--"), "");
}

}  // namespace
}  // namespace rpixen
