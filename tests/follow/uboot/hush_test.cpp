#include "follow/uboot/hush.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rpixen::hush {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// The commands of a text, those inside constructs too.
std::vector<std::string> shown(const List& list) {
    std::vector<std::string> commands;
    for (const Step& step : list) {
        if (!step.words.empty()) commands.push_back(show(step));
        for (const std::string& inner : shown(step.group)) commands.push_back(inner);
    }
    return commands;
}
std::vector<std::string> shown(const Parsed& parsed) {
    std::vector<std::string> commands;
    for (const Line& line : parsed.lines)
        if (line.runs)
            for (const std::string& command : shown(line.list)) commands.push_back(command);
    return commands;
}

/// The first command.
Step first(std::string_view text) {
    for (const Line& line : parse(text).lines)
        for (const Step& step : line.list)
            if (!step.empty()) return step;
    return {};
}

TEST(Hush, CutsCommandsAtSemicolonsAndLineEnds) {
    const Parsed parsed = parse("a b; c\nd  'e f' \"g h\"\\ i # a comment; x\n\nj#k");
    EXPECT_THAT(parsed.errors, IsEmpty());
    EXPECT_THAT(shown(parsed), ElementsAre("a b", "c", "d e f g h i", "j#k"));
    EXPECT_EQ(parsed.lines[0].list[1].line, 1);
    EXPECT_EQ(parsed.lines[1].list[0].line, 2);
    EXPECT_EQ(parsed.lines[3].list[0].line, 4);
}

TEST(Hush, JoinsWithAndAndOr) {
    const Parsed parsed = parse("a && b || c; d &&\n e");
    EXPECT_THAT(shown(parsed), ElementsAre("a", "b", "c", "d", "e"));
    EXPECT_EQ(parsed.lines[0].list[0].joint, Joint::and_then);
    EXPECT_EQ(parsed.lines[0].list[1].joint, Joint::or_else);
    EXPECT_EQ(parsed.lines[0].list[2].joint, Joint::sequence);
}

TEST(Hush, ARunsWholeTextIsOneList) {
    EXPECT_EQ(parse("a\nb\nc\n", Reading::whole).lines.size(), 1U);
    EXPECT_THAT(shown(parse("a\nb\nc\n", Reading::whole)), ElementsAre("a", "b", "c"));
}

TEST(Hush, TheSecondTimeOnlyQuotesAndCommentsCount) {
    const Parsed parsed = parse("a \"b  c\" 'd' ; if && $e # f\ng", Reading::again);
    ASSERT_EQ(parsed.lines.size(), 1U);
    EXPECT_THAT(shown(parsed), ElementsAre("a b  c d ; if && $e"));
}

TEST(Hush, KnowsVariablesAndQuotes) {
    const Step step = first("x ${a}b \"$c d\" '${e}' \\$f $? a${g} \\\"${h}\\\"");
    ASSERT_EQ(step.words.size(), 8U);
    EXPECT_EQ(step.variables, 5U);
    EXPECT_THAT(variables(step.words[1]), ElementsAre("a"));
    EXPECT_EQ(show(step), "x ${a}b ${c} d ${e} $f ${$?} a${g} \"${h}\"");
    EXPECT_TRUE(step.words[2].quoted);
    EXPECT_THAT(variables(step.words[3]), IsEmpty());
    EXPECT_THAT(variables(step.words[5]), ElementsAre("$?"));
    EXPECT_FALSE(step.words[7].quoted) << "an escaped quote is a letter, until it is read again";
}

TEST(Hush, ASingleQuoteCountsInsideDoubleQuotes) {
    EXPECT_EQ(first("x \"a 'b \" c' d\"").words[1].text, "a b \" c d");
    EXPECT_EQ(first("x \"a \\\" b\"").words[1].text, "a \\\" b") << "the backslash stays";
    EXPECT_EQ(first("x 'a\\;b'").words[1].text, "a;b") << "the backslash goes";
}

TEST(Hush, NestsIfForAndWhile) {
    const Parsed parsed = parse(
        "if a; then b; elif c; then d; else e; fi; for i in 1 2; do f $i; done\nwhile g; do h; done");
    EXPECT_THAT(parsed.errors, IsEmpty());
    const List& group = parsed.lines[0].list[0].group;
    ASSERT_GE(group.size(), 6U);
    EXPECT_EQ(group[0].mode, Mode::if_);
    EXPECT_EQ(group[1].mode, Mode::then);
    EXPECT_EQ(group[2].mode, Mode::elif);
    const List& loop = parsed.lines[0].list[1].group;
    EXPECT_EQ(loop[0].mode, Mode::for_);
    EXPECT_EQ(show(loop[0]), "i");
    EXPECT_EQ(loop[1].mode, Mode::in);
    EXPECT_EQ(show(loop[1]), "1 2");
    EXPECT_EQ(parsed.lines[1].list[0].group[0].mode, Mode::while_);
}

TEST(Hush, AnIfMayStandInAList) {
    const Parsed parsed = parse("a && if b; then c; fi || d");
    EXPECT_THAT(parsed.errors, IsEmpty());
    EXPECT_EQ(parsed.lines[0].list[1].joint, Joint::or_else);
}

TEST(Hush, ACarriageReturnIsALetter) {
    const Parsed parsed = parse("a b\r\nif c; then\r\nd\r\nfi\r\n");
    EXPECT_EQ(parsed.lines[0].list[0].words[1].text, "b\r");
    EXPECT_THAT(parsed.carriage_returns, ElementsAre(1, 2, 3, 4));
    EXPECT_THAT(parsed.errors, ElementsAre("line 2: if without then"));
    EXPECT_THAT(parse("a 'b\rc'\n").carriage_returns, IsEmpty());
}

TEST(Hush, NamesMistakesWithTheirLine) {
    const auto error = [](std::string_view text) {
        const Parsed parsed = parse(text);
        return parsed.errors.empty() ? std::string() : parsed.errors.front();
    };
    EXPECT_EQ(error("a\nb 'c\nd"), "line 2: a quote is never closed");
    EXPECT_EQ(error("a \"b"), "line 1: a quote is never closed");
    EXPECT_EQ(error("\nif a; then b"), "line 2: then without fi");
    EXPECT_EQ(error("if a; b; fi"), "line 1: \"fi\" without its beginning");
    EXPECT_EQ(error("a; fi"), "line 1: \"fi\" without its beginning");
    EXPECT_EQ(error("a ${b"), "line 1: ${ without }");
    EXPECT_EQ(error("a & b"), "line 1: a single & is not known to U-Boot");
    EXPECT_EQ(error("for if a"), "line 1: if inside the head of a for");
    EXPECT_EQ(error("if a; then b; fi c"), "line 1: \"c\" behind the end of a construct");
    EXPECT_EQ(error("setenv x a # b\necho a # b"), "") << "a comment behind a value does no harm";
}

TEST(Hush, WhatStandsBeforeAMistakeRuns) {
    const Parsed parsed = parse("a\nb & c\nd\n");
    EXPECT_TRUE(parsed.broken);
    EXPECT_THAT(shown(parsed), ElementsAre("a"));
    EXPECT_FALSE(parse("a\nif b; then c\n").broken);
    EXPECT_THAT(shown(parse("a\nif b; then c\n")), ElementsAre("a"));
}

TEST(Hush, SurvivesEverything) {
    for (const char* text :
         {"",   "&&", "||;;", "if",  "fi fi fi", "for",   "for x",     "for x in", "done",      "'",       "\"",
          "\\", "$",  "${",   "${}", "$(",       "a\\\n", "then else", "\x03",     "\x04 \x04", "if if if"})
        for (const Reading reading : {Reading::lines, Reading::whole, Reading::again})
            static_cast<void>(parse(text, reading));
    std::string deep;
    for (int index = 0; index < 5000; ++index) deep += "if a; then ";
    EXPECT_FALSE(parse(deep).errors.empty());
    std::string elif = "if a; then b; ";
    for (int index = 0; index < 5000; ++index) elif += "elif a; then b; ";
    EXPECT_FALSE(parse(elif).errors.empty());
    // Every cut-off beginning of a real script.
    const std::string
        script = "if test -n \"${a}\"; then setenv b 'c d'; else for i in 1 2; do run x$i && y || z; done; fi # e\n";
    for (std::size_t length = 0; length <= script.size(); ++length) static_cast<void>(parse(script.substr(0, length)));
}

}  // namespace
}  // namespace rpixen::hush
