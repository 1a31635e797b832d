#include "error_report.hpp"

#include <gmock/gmock.h>

#include <sstream>

namespace rpixen::cli {
namespace {

TEST(ErrorReport, OneLineForEachProblemInOneForm) {
    Error error(ErrorCode::manifest,
                {{"unknown key", "\"x\"", "a, b", "did you mean \"a\"?", {"m.json", "/x", 3, 5}}, {"second"}});
    error.add_context("composing sdcard.img");
    std::ostringstream err;
    Surroundings surroundings{.out = err, .err = err};
    write_error(surroundings, error);
    EXPECT_EQ(err.str(),
              "rpixen-img: error: m.json:3:5: /x: unknown key; found \"x\"; allowed: a, b; did you mean \"a\"?\n"
              "rpixen-img: error: second\n"
              "rpixen-img: note: while composing sdcard.img\n");

    err.str("");
    surroundings.terminal = true;
    surroundings.color = Surroundings::Color::never;
    write_error(surroundings, error);
    EXPECT_EQ(err.str(),
              "rpixen-img: error: m.json:3:5: /x: unknown key\n"
              "    found:   \"x\"\n"
              "    allowed: a, b\n"
              "    change:  did you mean \"a\"?\n"
              "rpixen-img: error: second\n"
              "rpixen-img: note: while composing sdcard.img\n");

    err.str("");
    surroundings.color = Surroundings::Color::automatic;
    write_error(surroundings, Error(ErrorCode::io, "a"));
    EXPECT_EQ(err.str(), "rpixen-img: \x1b[1;31merror\x1b[0m: a\n");
}

TEST(ErrorReport, AHostileNameCannotWriteToTheTerminal) {
    std::ostringstream err;
    write_message(err, "error", "a\nb\x1b[2J\x7f \xC3\xA9");
    EXPECT_EQ(err.str(), "rpixen-img: error: a\\x0ab\\x1b[2J\\x7f \xC3\xA9\n");
}

}  // namespace
}  // namespace rpixen::cli
