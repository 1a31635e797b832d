#include "arguments.hpp"

#include <gmock/gmock.h>

#include <rpixen/error.hpp>

namespace rpixen::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::vector<Option> options{
    {"output", 'o', "FILE", "help"}, {"quiet", 'q', {}, "help"}, {"allow", '\0', "ID", "help", true}};

Problem refusal(const std::vector<std::string>& words) {
    try {
        parse_arguments(words, options);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::usage);
        return error.problems().front();
    }
    ADD_FAILURE() << "no complaint";
    return {};
}

TEST(Arguments, OptionsAndOperandsMix) {
    const Arguments arguments = parse_arguments({"a", "-q", "--output", "x", "b", "--allow=1", "--allow", "2"},
                                                options);
    EXPECT_THAT(arguments.operands, ElementsAre("a", "b"));
    EXPECT_TRUE(arguments.has("quiet"));
    EXPECT_FALSE(arguments.has("allow it"));
    EXPECT_EQ(arguments.value("output"), "x");
    EXPECT_THAT(arguments.values("allow"), ElementsAre("1", "2"));
    EXPECT_EQ(arguments.value("nothing"), std::nullopt);
    EXPECT_THAT(arguments.values("nothing"), IsEmpty());
}

TEST(Arguments, LettersTakeTheirValueNextToThemToo) {
    EXPECT_EQ(parse_arguments({"-ox"}, options).value("output"), "x");
    EXPECT_EQ(parse_arguments({"-qo", "x"}, options).value("output"), "x");
}

TEST(Arguments, TwoDashesEndTheOptions) {
    const Arguments arguments = parse_arguments({"-q", "--", "--output", "-q"}, options);
    EXPECT_THAT(arguments.operands, ElementsAre("--output", "-q"));
}

TEST(Arguments, AnUnknownOptionIsToldTheNearest) {
    EXPECT_THAT(refusal({"--ouptut", "x"}).text(), HasSubstr("--ouptut; did you mean --output?"));
    EXPECT_THAT(refusal({"--zzz"}).text(), HasSubstr("unknown option; found --zzz"));
    EXPECT_THAT(refusal({"-z"}).text(), HasSubstr("found -z"));
    EXPECT_THAT(refusal({"--out", "x"}).text(), HasSubstr("unknown option"));  // no guessing from a beginning
    EXPECT_THAT(refusal({"--operand", "x"}).text(), HasSubstr("unknown option"));
}

TEST(Arguments, WrongUseIsRefused) {
    EXPECT_THAT(refusal({"--output"}).text(), HasSubstr("output"));
    EXPECT_THAT(refusal({"--quiet=yes"}).text(), HasSubstr("quiet"));
    EXPECT_THAT(refusal({"-o", "a", "--output", "b"}).text(), HasSubstr("given twice"));
}

}  // namespace
}  // namespace rpixen::cli
