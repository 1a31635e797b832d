#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include <rpixen/report.hpp>

namespace rpixen {
namespace {

TEST(ErrorJson, IsJsonWhateverTheTextsHold) {
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

TEST(ErrorJson, NamesTheRule) {
    const Problem problem{"an overlap", "", "", "", {}, "memory-overlap"};
    const auto json = nlohmann::json::parse(error_json(Error(ErrorCode::unfit, std::vector<Problem>{problem})));
    EXPECT_EQ(json["error"]["problems"][0]["rule"], "memory-overlap");
    EXPECT_EQ(json["error"]["problems"][0]["message"], "an overlap [memory-overlap]");
}

TEST(RulesJson, HoldsEveryRuleWhole) {
    const auto json = nlohmann::json::parse(rules_json(diagnostic_rules()));
    ASSERT_EQ(json.size(), diagnostic_rules().size());
    const DiagnosticRule& first = diagnostic_rules().front();
    EXPECT_EQ(json[0], nlohmann::json::parse(rule_json(first)));
    EXPECT_EQ(json[0]["id"], first.id);
    EXPECT_EQ(json[0]["severity"], name_of(first.severity));
    EXPECT_EQ(json[0]["story"], first.story);
}

TEST(ReportJson, TellsWhatNoVerdictRestsOn) {
    Report report;
    EXPECT_EQ(nlohmann::json::parse(report.json()).at("not_followed"), "");
    report.not_followed = "GRUB's own grub.cfg is inside its image";
    EXPECT_EQ(nlohmann::json::parse(report.json()).at("not_followed"), report.not_followed);
}

}  // namespace
}  // namespace rpixen
