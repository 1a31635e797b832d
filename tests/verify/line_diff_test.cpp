#include "verify/line_diff.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

LineDifference removed(std::uint64_t line, const std::string& text) {
    return {Change::removed, line, text};
}
LineDifference added(std::uint64_t line, const std::string& text) {
    return {Change::added, line, text};
}

TEST(LineDiff, EqualTextsHaveNone) {
    EXPECT_THAT(line_diff("", ""), IsEmpty());
    EXPECT_THAT(line_diff("a\nb\n", "a\nb\n"), IsEmpty());
    EXPECT_THAT(line_diff("a\nb", "a\nb\n"), IsEmpty()) << "the last line's end is no line";
}

TEST(LineDiff, TheFewestLines) {
    EXPECT_THAT(line_diff("a\nb\nc\n", "a\nc\n"), ElementsAre(removed(2, "b")));
    EXPECT_THAT(line_diff("a\nc\n", "a\nb\nc\n"), ElementsAre(added(2, "b")));
    EXPECT_THAT(line_diff("a\nb\nc\nd\n", "x\nb\nd\ny\n"),
                ElementsAre(removed(1, "a"), added(1, "x"), removed(3, "c"), added(4, "y")));
    EXPECT_THAT(line_diff("a\na\n", "a\na\na\n"), ElementsAre(added(3, "a")));
    EXPECT_THAT(line_diff("", "a\n\n"), ElementsAre(added(1, "a"), added(2, "")));
}

/// As many as diff(1) has, for texts of a few words in all orders.
TEST(LineDiff, AsManyAsDiffHas) {
    const test::TemporaryFolder folder;
    std::uint32_t state = 7;
    for (int round = 0; round < 12; ++round) {
        std::string texts[2];
        for (std::string& text : texts)
            for (int line = 0; line < 30; ++line) {
                state = state * 1664525 + 1013904223;
                text += std::string(1, static_cast<char>('a' + (state >> 24) % 5)) + "\n";
            }
        folder.write("a", texts[0]);
        folder.write("b", texts[1]);
        const std::string lines = test::run({"diff", "--minimal", folder / "a", folder / "b"}).out;
        std::size_t count = lines.starts_with('<') || lines.starts_with('>');
        for (std::size_t at = 0; (at = lines.find('\n', at)) != std::string::npos && at + 1 < lines.size(); ++at)
            count += lines[at + 1] == '<' || lines[at + 1] == '>';
        EXPECT_EQ(line_diff(texts[0], texts[1]).size(), count) << texts[0] << "\n" << texts[1];
    }
}

TEST(LineDiff, LongTextsStaySmallWork) {
    std::string a;
    std::string b;
    for (int line = 0; line < 50'000; ++line) {
        a += "a" + std::to_string(line) + "\n";
        b += "b" + std::to_string(line) + "\n";
    }
    EXPECT_EQ(line_diff(a, b).size(), 100'000U);
    EXPECT_THAT(line_diff(a, a + "one\n"), ElementsAre(added(50'001, "one")));
}

}  // namespace
}  // namespace rpixen
