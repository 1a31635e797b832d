#include "error_report.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <sstream>

namespace rpixen::cli {
namespace {

TEST(ErrorReport, OneLineForEachProblemInOneForm) {
    Error error(ErrorCode::manifest,
                {{"unknown key", "\"x\"", "a, b", "write \"a\"", {"m.json", "/x", 3, 5}}, {"second"}});
    error.add_context("composing sdcard.img");
    std::ostringstream err;
    write_error(err, error);
    EXPECT_EQ(err.str(),
              "rpixen-img: error: m.json:3:5: /x: unknown key; found \"x\"; allowed: a, b; write \"a\"\n"
              "rpixen-img: error: second\n"
              "rpixen-img: note: while composing sdcard.img\n");
}

TEST(ErrorReport, AHostileNameCannotWriteToTheTerminal) {
    std::ostringstream err;
    write_message(err, "error", "a\nb\x1b[2J\x7f \xC3\xA9");
    EXPECT_EQ(err.str(), "rpixen-img: error: a\\x0ab\\x1b[2J\\x7f \xC3\xA9\n");
}

TEST(ErrorReport, TheJsonDocumentIsJsonWhateverTheTextsHold) {
    std::string every_byte;
    for (int byte = 0; byte < 256; ++byte) every_byte += static_cast<char>(byte);
    const std::string odd = "\xF0\x9F\x98\x80 \xED\xA0\x80 \xC0\x80 \xE2\x82 \xF5\x80\x80\x80 end\xE2";
    Error error(ErrorCode::artifact, {{every_byte, odd, "", "", {"f", "/p", 1, 2}}, {"second"}});
    error.add_context("reading \"x\"");
    const std::string text = error_json(error);
    EXPECT_TRUE(text.ends_with("\n"));
    const auto json = nlohmann::json::parse(text).at("error");  // checks UTF-8 too
    EXPECT_EQ(json.at("code"), "artifact");
    EXPECT_EQ(json.at("exit"), 4);
    EXPECT_EQ(json.at("context"), nlohmann::json::array({"reading \"x\""}));
    ASSERT_EQ(json.at("problems").size(), 2U);
    const auto& problem = json["problems"][0];
    EXPECT_EQ(problem["message"].get<std::string>().substr(0, 128), every_byte.substr(0, 128));
    EXPECT_TRUE(problem["found"].get<std::string>().starts_with("\xF0\x9F\x98\x80 \xEF\xBF\xBD"));
    EXPECT_EQ(problem["file"], "f");
    EXPECT_EQ(problem["pointer"], "/p");
    EXPECT_EQ(problem["line"], 1);
    EXPECT_EQ(problem["column"], 2);
    EXPECT_EQ(problem["allowed"], "");
    EXPECT_EQ(problem["change"], "");
}

}  // namespace
}  // namespace rpixen::cli
