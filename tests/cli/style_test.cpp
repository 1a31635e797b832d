#include "style.hpp"

#include <gmock/gmock.h>

namespace rpixen::cli {
namespace {

TEST(Style, SeveritiesAreInColourWhereTheyBeginAMessage) {
    EXPECT_EQ(
        colored("error [id]: an error: no note: here\n    found: error\nwarning [id]: w\nnote: n\n"),
        "\x1b[1;31merror\x1b[0m [id]: an error: no note: here\n    found: error\n\x1b[1;33mwarning\x1b[0m [id]: w\n"
        "\x1b[36mnote\x1b[0m: n\n");
    EXPECT_EQ(colored("rpixen-img: error: e"), "rpixen-img: \x1b[1;31merror\x1b[0m: e");
    EXPECT_EQ(colored("errors: none\nnotes\n"), "errors: none\nnotes\n");
    EXPECT_EQ(colored(""), "");
}

TEST(Style, ParagraphsAreBrokenAnew) {
    EXPECT_EQ(wrapped("one two\nthree four\n\n  kept as it is however long\nfive\n", 9),
              "one two\nthree\nfour\n\n  kept as it is however long\nfive\n");
    EXPECT_EQ(wrapped("averylongword a\n", 5), "averylongword\na\n");
}

TEST(Style, ARowsSecondColumnIsBrokenToo) {
    EXPECT_EQ(table_row("  a", "one two three four five six", 8, 30), "  a     one two three four\n        five six\n");
    EXPECT_EQ(table_row("  a", "one", 8, 5), "  a     one\n");
}

}  // namespace
}  // namespace rpixen::cli
