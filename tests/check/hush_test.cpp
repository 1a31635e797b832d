#include "check/hush.hpp"

#include <gtest/gtest.h>

namespace rpixen::hush {
namespace {

std::vector<std::string> shown(const List& list) {
    std::vector<std::string> commands;
    for (const Command& command : list) commands.push_back(show(command));
    return commands;
}

TEST(Hush, CutsCommandsAtSemicolonsAndLineEnds) {
    const Parsed parsed = parse("a b; c\nd  'e f' \"g h\"\\ i # a comment; x\n\nj#k");
    EXPECT_TRUE(parsed.errors.empty());
    EXPECT_EQ(shown(parsed.list), (std::vector<std::string>{"a b", "c", "d e f g h i", "j#k"}));
    EXPECT_EQ(parsed.list[1].line, 1);
    EXPECT_EQ(parsed.list[2].line, 2);
    EXPECT_EQ(parsed.list[3].line, 4);
}

TEST(Hush, JoinsWithAndAndOr) {
    const Parsed parsed = parse("a && b || c; d &&\n e");
    ASSERT_EQ(parsed.list.size(), 5U);
    EXPECT_EQ(parsed.list[0].joint, Joint::and_then);
    EXPECT_EQ(parsed.list[1].joint, Joint::or_else);
    EXPECT_EQ(parsed.list[2].joint, Joint::sequence);
    EXPECT_EQ(parsed.list[3].joint, Joint::and_then);
    EXPECT_EQ(parsed.list[4].joint, Joint::sequence);
}

TEST(Hush, KnowsVariablesAndQuotes) {
    const Parsed parsed = parse("x ${a}b \"$c d\" '${e}' \\$f $? a${g}");
    ASSERT_EQ(parsed.list.size(), 1U);
    const auto& words = parsed.list[0].words;
    ASSERT_EQ(words.size(), 7U);
    EXPECT_TRUE(words[1][0].variable);
    EXPECT_EQ(words[1][0].text, "a");
    EXPECT_EQ(words[1][1].text, "b");
    EXPECT_TRUE(words[2][0].variable && words[2][0].quoted);
    EXPECT_FALSE(words[3][0].variable);
    EXPECT_EQ(words[3][0].text, "${e}");
    EXPECT_EQ(words[4][0].text, "$f");
    EXPECT_FALSE(words[4][0].variable);
    EXPECT_EQ(words[5][0].text, "?");
}

TEST(Hush, NestsIfForAndWhile) {
    const Parsed parsed =
        parse("if a; then b; elif c; then d; else e; fi; for i in 1 2; do f $i; done\nwhile g; do h; done");
    EXPECT_TRUE(parsed.errors.empty()) << parsed.errors.front();
    ASSERT_EQ(parsed.list.size(), 3U);
    EXPECT_EQ(parsed.list[0].kind, Command::Kind::conditional);
    EXPECT_EQ(shown(parsed.list[0].body), std::vector<std::string>{"b"});
    ASSERT_EQ(parsed.list[0].otherwise.size(), 1U);
    EXPECT_EQ(shown(parsed.list[0].otherwise[0].otherwise), std::vector<std::string>{"e"});
    EXPECT_EQ(parsed.list[1].variable, "i");
    EXPECT_EQ(parsed.list[1].words.size(), 2U);
    EXPECT_EQ(parsed.list[2].kind, Command::Kind::while_loop);
}

TEST(Hush, AnIfMayStandInAList) {
    const Parsed parsed = parse("a && if b; then c; fi || d");
    EXPECT_TRUE(parsed.errors.empty());
    ASSERT_EQ(parsed.list.size(), 3U);
    EXPECT_EQ(parsed.list[1].joint, Joint::or_else);
}

TEST(Hush, NamesMistakesWithTheirLine) {
    const auto first = [](std::string_view text) {
        const Parsed parsed = parse(text);
        return parsed.errors.empty() ? std::string() : parsed.errors.front();
    };
    EXPECT_EQ(first("a\nb 'c\nd"), "line 2: a quote is never closed");
    EXPECT_EQ(first("a \"b"), "line 1: a quote is never closed");
    EXPECT_EQ(first("\nif a; then b"), "line 2: if without fi");
    EXPECT_EQ(first("if a; b; fi"), "line 1: if without then");
    EXPECT_EQ(first("a; fi"), "line 1: \"fi\" without its beginning");
    EXPECT_EQ(first("a ${b"), "line 1: ${ without }");
    EXPECT_EQ(first("a &&"), "line 1: a command is missing at the end");
    EXPECT_EQ(first("a & b"), "line 1: a single & is not known to U-Boot");
    EXPECT_EQ(first("setenv x a # b"), "line 1: a # inside setenv makes the rest of the line a comment");
    EXPECT_EQ(first("# setenv x a # b\necho a # b"), "");
}

TEST(Hush, SurvivesEverything) {
    for (const char* text : {"", "&&", "||;;", "if", "fi fi fi", "for", "for x", "for x in", "done", "'",
                             "\"", "\\", "$", "${", "${}", "$(", "a\\\n", "then else"})
        static_cast<void>(parse(text));
    std::string deep;
    for (int index = 0; index < 5000; ++index) deep += "if a; then ";
    EXPECT_FALSE(parse(deep).errors.empty());
    std::string elif = "if a; then b; ";
    for (int index = 0; index < 5000; ++index) elif += "elif a; then b; ";
    EXPECT_FALSE(parse(elif).errors.empty());
    // Every cut-off beginning of a real script.
    const std::string script =
        "if test -n \"${a}\"; then setenv b 'c d'; else for i in 1 2; do run x$i && y || z; done; fi # e\n";
    for (std::size_t length = 0; length <= script.size(); ++length)
        static_cast<void>(parse(script.substr(0, length)));
}

}  // namespace
}  // namespace rpixen::hush
